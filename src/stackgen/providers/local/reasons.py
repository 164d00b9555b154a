"""Reasons why clauses are not kept by servers of this machine, each stated once."""

ON_LOOPBACK = "the server listens on loopback without TLS; nothing crosses a network"
WITHOUT_OPENSSL = "the packaged server is built without OpenSSL, and listens on loopback only"
NO_ARCHIVE = "nothing archives the write-ahead log on this machine; use pg_dump"
