FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --create-home store
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --requirement requirements.txt
COPY . .
# The key is for this step alone: collecting files signs nothing.
RUN SECRET_KEY=collectstatic python manage.py collectstatic --noinput \
    && mkdir media run \
    && chown store: media run

USER store
VOLUME /app/media /app/run
EXPOSE 8000
# As the proxy in front asks, so that a store that insists on HTTPS answers too. ALLOWED_HOSTS must have localhost.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", "\
from urllib.request import Request, urlopen; \
urlopen(Request('http://localhost:8000/healthz', headers={'X-Forwarded-Proto': 'https'}), timeout=4)"]
# A worker for each core, and four threads in each: one works while the others wait for the database.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--workers", "2", "--blocking-threads", "4", \
     "--respawn-failed-workers", "backend.wsgi:application"]
