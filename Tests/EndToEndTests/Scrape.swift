import TestSupport
import Testing

/// The samples of one scrape in Prometheus's text format.
struct Scrape {
    struct Sample: Hashable {
        let name: String
        let labels: [String: String]
    }

    let text: String
    /// As they are written.
    private(set) var values: [Sample: String] = [:]
    /// The families' types by their names.
    private(set) var types: [String: String] = [:]

    init(_ gateway: Gateway) throws {
        let answer = try Self.ask(gateway)
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        try self.init(answer.text)
    }

    static func ask(
        _ gateway: Gateway,
        _ method: String = "GET",
        _ path: String = "/metrics",
        accept: String? = nil
    ) throws -> TestResponse {
        let connection = try RawConnection(port: gateway.adminPort)
        let fields = accept.map { [("Accept", $0)] } ?? []
        try connection.send(TestRequest(method, path, fields: fields).bytes)
        return try connection.response(toHEAD: method == "HEAD")
    }

    init(_ text: String) throws {
        self.text = text
        for line in text.split(separator: "\n") {
            if let type = line.wholeMatch(of: /# TYPE (\S+) (\S+)/) {
                let isNew = types.updateValue(String(type.2), forKey: String(type.1)) == nil
                #expect(isNew, "two families: \(line)")
            }
            guard !line.hasPrefix("#") else { continue }
            let sample = try #require(line.wholeMatch(of: /(?s)([a-z_]+)(?:\{(.*)\})? (\S+)/), "\(line)")
            var labels: [String: String] = [:]
            for label in (sample.2 ?? "").matches(of: /(?s)([a-z]+)="((?:[^"\\]|\\.)*)"/) {
                labels[String(label.1)] = String(label.2)
            }
            let key = Sample(name: String(sample.1), labels: labels)
            let isNew = values.updateValue(String(sample.3), forKey: key) == nil
            #expect(isNew, "two samples: \(line)")
        }
    }

    /// The value of one sample, as it is written; nil without one.
    func value(_ name: String, _ labels: [String: String] = [:]) -> String? {
        values[Sample(name: name, labels: labels)]
    }

    /// The counted requests.
    func requests(_ team: String, _ route: String, _ status: Int, _ cache: String) -> String? {
        let labels = ["team": team, "route": route, "status": String(status), "cache": cache]
        return value("tollgate_requests_total", labels)
    }
}
