FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --create-home store
WORKDIR /app

# requirements-semantic.txt has what STORE_SEARCH_SEMANTIC needs, too.
ARG REQUIREMENTS=requirements.txt
COPY requirements*.txt ./
RUN pip install --no-cache-dir --requirement $REQUIREMENTS
COPY . .
# The key is for this step alone: collecting files signs nothing.
RUN SECRET_KEY=collectstatic python manage.py collectstatic --noinput \
    && mkdir media run \
    && chown store: media run

USER store
VOLUME /app/media /app/run
EXPOSE 8000
# Answered within three seconds, also by plain HTTP and for any host.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", \
     "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# A worker for each core, and four threads in each: one works while the others wait for the database.
ENV GRANIAN_WORKERS=2
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--blocking-threads", "4", \
     "--respawn-failed-workers", "backend.wsgi:application"]
