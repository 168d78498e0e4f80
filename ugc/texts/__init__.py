"""What a text says: language, sentiment, usefulness, topics, spam, offence, personal data, mentions; each with its probability
and its words.
"""
