ARG BASE=python:3.11-slim
FROM ${BASE}

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
ARG TORCH=torch==2.13.0
ARG TORCH_ARGS=

RUN useradd --create-home --uid 10001 qa \
 && python3 -m venv /opt/venv \
 && mkdir /data \
 && chown qa:qa /data

# TORCH_ARGS is empty or several words, such as --index-url URL; constraints.txt pins the rest
# hadolint ignore=SC2086,DL3013
RUN pip install --quiet ${TORCH_ARGS} "${TORCH}"

WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY embeddings embeddings
COPY qa_service qa_service
RUN pip install --quiet --constraint constraints.txt .

WORKDIR /app
COPY seeds seeds

USER 10001:10001
ENV QA_DATA_DIR=/data QA_HOST=0.0.0.0 HF_HOME=/data/hub
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=4 \
  CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"QA_PORT\", 8000)}/readyz', timeout=4)"]
ENTRYPOINT ["python3", "-m", "qa_service"]
CMD ["serve", "--index-if-empty", "/app/seeds"]
