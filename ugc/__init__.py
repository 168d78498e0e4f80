"""ugc: customers' photos and reviews from arrival to the sale that they made."""
