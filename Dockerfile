# The daemon as a container that speaks with the host's BlueZ over the host's D-Bus.
#
#   docker build -t stretchband .
#   docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -v /run/dbus:/run/dbus:ro -v /etc/stretchband:/etc/stretchband:ro -v stretchband:/var/lib/stretchband stretchband
#
# docs/security.md#as-a-container says what the host must allow.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements-image.lock ./
RUN python -m venv /opt/stretchband \
 && /opt/stretchband/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY tracker tracker
COPY firmware_sim firmware_sim
RUN /opt/stretchband/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
COPY --from=build /opt/stretchband /opt/stretchband
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin stretchband \
 && install -d -o stretchband -g stretchband -m 0700 /var/lib/stretchband
ENV XDG_DATA_HOME=/var/lib PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /var/lib/stretchband
HEALTHCHECK --interval=5m --timeout=30s --start-period=1m \
  CMD ["/opt/stretchband/bin/stretchband", "doctor", "--config", "/etc/stretchband/tracker.toml"]
ENTRYPOINT ["/opt/stretchband/bin/stretchband"]
CMD ["run", "--config", "/etc/stretchband/tracker.toml"]
