import Alerting
import EventLoops
import JSON
import Vocabulary

/// `/admin/v1/alerts`: what operators were told of, and a try of the receiver; `docs/alerts.md`. Confined to the loop.
struct AlertsResource {
    let desk: AlertDesk
    let store: any AlertStore
    let back: LoopReturn
    let loop: EventLoop

    /// How much of the receiver's answer is shown.
    private static let answerBytesMax = 1_024

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, "/admin/v1/alerts", role: .viewer, handler: list),
            AdminRoute(.post, "/admin/v1/alerts/test", role: .admin, handler: test),
        ]
    }

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page()
            let before = try page.number()
            let then = back.reply(through: reply) { (records: [AlertRecord]) in
                .page(records, limit: page.limit, cursor: { String($0.id) }, json: Self.json)
            }
            // One more than the page holds, to learn whether the list continues.
            store.alerts(before: before, atMost: page.limit + 1, then: then)
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func json(_ record: AlertRecord) -> JSONValue {
        var members: [(name: String, value: JSONValue)] = [("id", .string(String(record.id)))]
        if case .object(let facts)? = try? JSONValue.parse(record.facts.span) { members += facts }
        members += [
            ("state", .string(record.state.rawValue)), ("attempts", .integer(record.attempts)),
            ("tried_at", .orNull(record.triedAt) { .time($0) }), ("detail", .orNull(record.detail) { .string($0) }),
        ]
        return .object(members)
    }

    private func test(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.refuseQuery()
            try request.finish(try request.form())
            let start = loop.now
            desk.test(by: request.changer.name) { result in
                switch result {
                case .success(let said): reply(.ok(Self.json(said, after: loop.now - start)))
                case .failure(.off):
                    let remedy = "set alerts.webhook_url and alerts.secret in the configuration and send SIGHUP"
                    reply(AdminReply(.conflict("No webhook is configured; \(remedy).")))
                case .failure(.busy): reply(AdminReply(.overloaded))
                }
            }
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func json(_ said: WebhookCall.Result, after time: Duration) -> JSONValue {
        var status = JSONValue.null
        var content = JSONValue.null
        var error = JSONValue.null
        switch said {
        case .answered(let code, let bytes):
            status = .integer(code)
            content = .string(String(decoding: bytes.prefix(answerBytesMax), as: UTF8.self))
            if !said.isDelivered {
                error = .string("the receiver answered HTTP \(code); a 2xx means that it took the alert")
            }
        case .failed(let reason): error = .string(reason)
        }
        return .object([
            ("delivered", .bool(said.isDelivered)), ("status", status), ("answer", content), ("error", error),
            ("duration_ms", .milliseconds(time)),
        ])
    }
}
