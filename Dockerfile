# The server in a small image: the program, the C library, certificate authorities, nothing else; no shell, no root.
#
#   docker build -t nexgen-finance .
#   docker run --rm nexgen-finance check-config
#
# Settings: .env.example. The image has no PostgreSQL, so it needs DATABASE_URL or DB_HOST.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY .cargo .cargo
COPY .sqlx .sqlx
COPY migrations migrations
COPY src src
# The caches outlive the build, so that the next one compiles only what has changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin nexgen-finance \
    && install -D target/release/nexgen-finance /image/usr/local/bin/nexgen-finance \
    && install -d -o 65532 -g 65532 -m 0750 /image/var/lib/nexgen-finance /image/var/lib/nexgen-finance/uploads

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image/ /
# 0.0.0.0 is the container's own network; logs go to standard output only.
ENV APP_ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    UPLOAD_DIR=/var/lib/nexgen-finance/uploads \
    LOG_DIR=
WORKDIR /var/lib/nexgen-finance
VOLUME /var/lib/nexgen-finance/uploads
EXPOSE 8000
USER 65532:65532
# Readiness, not life: a server whose database is away is unhealthy, and becomes healthy again by itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["/usr/local/bin/nexgen-finance", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/nexgen-finance"]
CMD ["serve"]
