import Foundation
import Gateway
import Registry
import TestSupport

@testable import Configuration

/// A folder with the files that the samples name, and the environment that they read.
struct Bench {
    let folder: TemporaryFolder
    var environment = [
        "TOLLGATE_ADMIN_TOKEN": Secrets.adminToken,
        "DOCUMENTPRO_API_KEY": Secrets.upstreamKey,
        "AP_BATCH_KEY": Secrets.teamKey,
        "TOLLGATE_WEBHOOK_SECRET": Secrets.webhook,
        "TOLLGATE_STORE_PASSWORD": Secrets.storePassword,
    ]

    /// An authority and a server's certificate with its key: made once for all tests of the process.
    private static let files = Result { () throws -> [(name: String, content: [UInt8])] in
        let certificates = try Certificates()
        let server = try certificates.issue("server")
        func content(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
        let authority = try content(certificates.authority)
        return [
            ("server.pem", try content(server.certificate)), ("server.key", try content(server.privateKey)),
            ("clients.pem", authority), ("ca.pem", authority),
        ]
    }

    init() throws {
        folder = try TemporaryFolder()
        for file in try Self.files.get() {
            try folder.write(String(decoding: file.content, as: UTF8.self), to: file.name)
        }
    }

    /// As a file in the folder would be read.
    func load(_ text: String) -> Result<GatewayConfiguration, ConfigurationFaults> {
        ConfigurationFile.read(
            Array(text.utf8),
            Surroundings(folder: URL(fileURLWithPath: folder.path), environment: environment),
            othersMayRead: false
        )
    }

    func configuration(_ text: String) throws -> GatewayConfiguration { try load(text).get() }

    /// The faults as they are printed; none for a configuration that is in order.
    func faults(_ text: String) -> [String] {
        switch load(text) {
        case .success: []
        case .failure(let faults): faults.faults.map(\.description)
        }
    }
}

extension GatewayConfiguration {
    /// The settings with what the file names and nothing else.
    func ownSettings() throws -> GatewaySettings {
        let sealer = SecretSealer(master: nil)
        return try gatewaySettings(try Registry(file: fileRegistry, rows: RegistryRows(), sealer: sealer))
    }
}

enum Secrets {
    static let adminToken = "admin-token-3f6a1c"
    static let upstreamKey = "vendor-key-9d0e2b"
    static let teamKey = "team-key-77aa41c05d"
    static let storePassword = "store-password-2c8e"
    static let webhook = "webhook-secret-5b1d"
}

enum Samples {
    static let least = """
        {"upstream": {"base_url": "https://api.documentpro.ai",
                      "keys": [{"id": "primary", "secret": {"env": "DOCUMENTPRO_API_KEY"}}]}}
        """

    /// Every member of `docs/settings.md`; those with a default have it.
    static let contract = """
        {
          "listen": {
            "address": "127.0.0.1:8080", "workers": 0,
            "tls": { "certificate_file": "server.pem", "private_key_file": "server.key",
                     "client_ca_file": "clients.pem" },
            "max_header_bytes": "16KiB", "max_body_bytes": "1MiB", "max_connections": 20000,
            "header_timeout": "10s", "body_timeout": "30s", "idle_timeout": "75s", "drain_timeout": "30s",
            "drain_delay": "0s"
          },
          "admin": {
            "address": "127.0.0.1:9090", "hosts": ["tollgate.example.com"],
            "tls": { "certificate_file": "server.pem", "private_key_file": "server.key",
                     "client_ca_file": "clients.pem" },
            "tokens": [ { "name": "ops", "role": "admin", "secret": { "env": "TOLLGATE_ADMIN_TOKEN" } } ]
          },
          "upstream": {
            "base_url": "https://api.documentpro.ai",
            "ca_file": "ca.pem",
            "keys": [ { "id": "primary", "account": "default", "weight": 1,
                        "secret": { "env": "DOCUMENTPRO_API_KEY" },
                        "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
                        "monthly_credits": 50000 } ],
            "connect_timeout": "5s", "response_timeout": "120s", "idle_timeout": "20s",
            "max_response_bytes": "8MiB",
            "max_concurrency": 64, "max_queue": 1000, "queue_timeout": "30s",
            "credits_per_page": { "gpt-4o-mini": 1, "gpt-4o": 1 }, "assumed_pages": 10,
            "circuit_breaker": { "failures": 5, "window": "10s", "open_for": "5s" }
          },
          "passthrough": { "enabled": true, "prefixes": ["/v1/", "/files"], "max_body_bytes": "100MiB",
                           "spending": [ { "method": "GET", "path": "/v1/documents/{id}/run_parser" },
                                         { "method": "POST", "path": "/v1/classifiers/{id}/classify" } ] },
          "cache": {
            "ttl": "30d", "memory": "256MiB", "scope": "organization", "schema_order": "insignificant",
            "stale_if_error": "0s", "negative_ttl": "0s", "classifier_ttl": "0s", "hit_credits_used": "original"
          },
          "store": { "url": "sqlite:tollgate.db", "password": { "env": "TOLLGATE_STORE_PASSWORD" }, "migrate": true,
                     "stale_for": "60s", "ledger_retention": "keep" },
          "budgets": { "time_zone": "UTC", "exceeded_status": 402,
                       "organization": [ { "window": "month", "credits": 100000 } ] },
          "teams": [
            { "id": "accounts-payable", "name": "Accounts Payable", "account": "default",
              "keys": [ { "id": "ap-batch", "secret": { "env": "AP_BATCH_KEY" }, "not_after": "2027-01-01T00:00:00Z",
                          "budgets": [ { "window": "total", "credits": 2000 } ] } ],
              "budgets": [ { "window": "day", "credits": 500 },
                           { "window": "month", "credits": 10000, "alert_at": [0.8, 1.0], "enforce": true } ],
              "requests_per_second": 50, "max_concurrency": 32, "models": ["gpt-4o-mini", "gpt-4o"],
              "cache_scope": "organization" }
          ],
          "alerts": { "webhook_url": "https://hooks.example.com/tollgate",
                      "secret": { "env": "TOLLGATE_WEBHOOK_SECRET" },
                      "expiry_notice": "7d", "unconfirmed_share": 0.05, "drift_share": 0.01 },
          "log": { "level": "info", "format": "json", "access": true, "access_sample": 1 },
          "secrets": { "reload": "off" }
        }
        """

    /// Every member with a value that is neither its default nor a neighbour's value.
    static let unusual = """
        {
          "listen": {
            "address": "[::1]:0", "workers": 3,
            "max_header_bytes": "17KiB", "max_body_bytes": "2MiB", "max_connections": 20001,
            "header_timeout": "11s", "body_timeout": "31s", "idle_timeout": "76s", "drain_timeout": "0s",
            "drain_delay": "4s"
          },
          "admin": {
            "address": "localhost:9091", "hosts": ["tollgate.example.com:9443", "[::1]"],
            "tls": { "certificate_file": "server.pem", "private_key_file": "server.key" },
            "tokens": [ { "name": "look", "role": "viewer", "secret": { "value": "token-for-looking" } },
                        { "name": "ops", "role": "operator", "secret": { "env": "TOLLGATE_ADMIN_TOKEN" } } ]
          },
          "upstream": {
            "base_url": "http://127.0.0.1:8081/api/",
            "keys": [ { "id": "first", "account": "berlin", "weight": 7, "secret": { "env": "DOCUMENTPRO_API_KEY" },
                        "not_before": "2026-02-03T04:05:06Z", "not_after": "2026-02-03T04:05:07+00:00",
                        "monthly_credits": 0.000001 },
                      { "id": "second", "account": "zurich", "secret": { "value": "second-key-of-the-vendor" } } ],
            "connect_timeout": "250ms", "response_timeout": "2m", "idle_timeout": "21s",
            "max_response_bytes": "9MiB",
            "max_concurrency": 65, "max_queue": 0, "queue_timeout": "1h",
            "credits_per_page": { "gpt-4o": 2.5, "other": 0 }, "assumed_pages": 11,
            "circuit_breaker": { "failures": 6, "window": "12s", "open_for": "7s" }
          },
          "passthrough": { "enabled": false, "prefixes": ["/v2/"], "max_body_bytes": "1GiB",
                           "spending": [ { "method": "PUT", "path": "/v2/x" } ] },
          "cache": {
            "ttl": "24h", "memory": "65536B", "scope": "team", "schema_order": "significant",
            "stale_if_error": "1m", "negative_ttl": "2s", "classifier_ttl": "3s", "hit_credits_used": "zero"
          },
          "store": { "url": "sqlite:/var/lib/other.db", "password": { "env": "TOLLGATE_STORE_PASSWORD" },
                     "migrate": false, "stale_for": "61s", "ledger_retention": "90d" },
          "budgets": { "time_zone": "Europe/Zurich", "exceeded_status": 429,
                       "organization": [ { "window": "week", "credits": 12.5, "alert_at": [0.5], "enforce": false } ] },
          "teams": [
            { "id": "legal", "name": "Legal", "account": "zurich",
              "keys": [ { "id": "legal-1", "secret": { "env": "AP_BATCH_KEY" }, "not_after": "2028-01-01T00:00:00Z",
                          "budgets": [ { "window": "day", "credits": 3 } ] },
                        { "id": "legal-2", "secret": { "value": "another-key-of-legal" } } ],
              "budgets": [ { "window": "total", "credits": 4 } ],
              "requests_per_second": 0.5, "max_concurrency": 33, "models": ["gpt-4o"], "cache_scope": "organization" },
            { "id": "sales", "account": "berlin" }
          ],
          "alerts": { "webhook_url": "http://[::1]:9000/hook?x=1", "secret": { "env": "TOLLGATE_WEBHOOK_SECRET" },
                      "expiry_notice": "8d", "unconfirmed_share": 0.06, "drift_share": 1 },
          "log": { "level": "critical", "format": "text", "access": false, "access_sample": 0.25 },
          "secrets": { "reload": "7s" }
        }
        """
}
