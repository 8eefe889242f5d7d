ARG BASE=python:3.11-slim
FROM ${BASE}

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
ARG TORCH=torch==2.13.0
ARG TORCH_ARGS=

RUN useradd --create-home --uid 10001 qa \
 && python3 -m venv /opt/venv \
 && mkdir /data \
 && chown qa:qa /data

WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY embeddings embeddings
COPY qa_service qa_service
# TORCH_ARGS is empty or several words, such as --index-url URL
# hadolint ignore=SC2086
RUN pip install --quiet ${TORCH_ARGS} "${TORCH}" \
 && pip install --quiet --constraint constraints.txt .
COPY seeds seeds

USER qa
ENV QA_DATA_DIR=/data QA_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=4 \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["python3", "-m", "qa_service"]
CMD ["serve", "--index-if-empty", "/app/seeds"]
