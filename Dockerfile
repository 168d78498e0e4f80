# syntax=docker/dockerfile:1
# Two stages: everything is built from hashed locks in the first; the second holds Python, the environment and nothing to build with.

FROM python:3.11-slim-bookworm AS build
# `video` takes videos and recordings; its FFmpeg bundles x264 and x265 under the GPL. `run` does without (docs/media.md).
ARG REQUIREMENTS=video
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/uv \
 && /opt/uv/bin/python -m pip install -q --no-cache-dir --require-hashes -r requirements/uv.txt \
 && /opt/uv/bin/uv venv -q --python /usr/local/bin/python /opt/build \
 && /opt/uv/bin/uv venv -q --python /usr/local/bin/python /opt/ugc
RUN /opt/uv/bin/uv pip sync -q --no-cache --python /opt/build --require-hashes --no-build requirements/build.txt \
 && /opt/uv/bin/uv pip sync -q --no-cache --python /opt/ugc --require-hashes --no-build --compile-bytecode requirements/${REQUIREMENTS}.txt
COPY pyproject.toml README.md ./
COPY ugc ugc
COPY static static
COPY migrations migrations
RUN /opt/uv/bin/uv build -q --wheel --no-build-isolation --python /opt/build --out-dir /dist . \
 && /opt/uv/bin/uv pip install -q --no-cache --python /opt/ugc --no-deps --compile-bytecode /dist/*.whl

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 ugc \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin ugc \
 && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=build /opt/ugc /opt/ugc
# The root file system may be read-only: all that is written lies in /data (a volume) and /tmp (a tmpfs).
ENV PATH=/opt/ugc/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    UGC_DATA_DIR=/data
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["ugc"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
