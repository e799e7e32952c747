extension APIPart {
    static let probes = APIPart(
        tag: "probes",
        text: "Without a token or a key: health, the page, and this document.",
        operations: [
            Operation(
                .get,
                "/healthz",
                "showHealth",
                "Answers while the process lives",
                role: nil,
                side: .both,
                replies: [.ok("It lives.", .named("Health"), example: #"{"status": "alive"}"#)]
            ),
            Operation(
                .get,
                "/readyz",
                "showReadiness",
                "Says whether requests can be served",
                "503 with the reason while they cannot; it recovers by itself.",
                role: nil,
                side: .both,
                replies: [.ok("Requests are served.", .named("Health"), example: #"{"status": "ready"}"#)]
            ),
            Operation(
                .get,
                "/metrics",
                "showMetrics",
                "Shows the metrics in Prometheus's text format, or in OpenMetrics",
                "OpenMetrics when `Accept` names `application/openmetrics-text` with at least the weight of plain text.",
                role: nil,
                replies: [
                    Reply(
                        200,
                        "All samples.",
                        content: [("text/plain", .text), ("application/openmetrics-text", .text)]
                    )
                ]
            ),
            Operation(
                .get,
                "/",
                "showDashboard",
                "Answers the dashboard, a page for people",
                "The page asks for a token, and calls the operations of this document with it.",
                role: nil,
                replies: [Reply(200, "The page.", content: [("text/html; charset=utf-8", .text)])]
            ),
            Operation(
                .get,
                "/openapi.json",
                "describe",
                "Describes both sides: this document",
                role: nil,
                replies: [.ok("An OpenAPI 3.1 document.", .object([.init("openapi", .text)]))]
            ),
        ],
        schemas: [("Health", .object([.init("status", .choice(of: ["alive", "ready"]))]))]
    )
}
