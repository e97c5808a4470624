# The app for a server without a GPU: docker build -t pairx . && docker run -p 7860:7860 -v pairx:/data pairx
FROM python:3.11-slim

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    GRADIO_SERVER_NAME=0.0.0.0 \
    PAIRX_CACHE=/data/cache \
    PAIRX_RUNS=/data/runs \
    HF_HOME=/data/huggingface

# The versions that CI tests, in a layer that lasts while they do; torch without CUDA has its own index.
COPY requirements.txt /src/
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu -r /src/requirements.txt

COPY pyproject.toml README.md LICENSE /src/
COPY pairx /src/pairx
RUN pip install --no-deps /src \
    && rm -r /src \
    && useradd --create-home --uid 1000 pairx \
    && install --directory --owner pairx /data

USER pairx
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/', timeout=8)"]
CMD ["pairx", "app", "--port", "7860"]
