import EventLoops
import Forms
import Gateway
import JSON
import Vocabulary

/// `/admin/v1/requests`: what this node answered last, `docs/api.md` §6. Confined to the loop.
///
/// From the workers' memory, so the store need not work.
struct RequestsResource {
    let server: GatewayServer
    let back: LoopReturn

    var routes: [AdminRoute] {
        [AdminRoute(.get, "/admin/v1/requests", role: .viewer, handler: list)]
    }

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page(limitMax: 1_000, also: ["team", "status"])
            let filter = try RequestFilter(request)
            let cursor = try RequestCursor(page.cursor)
            server.recentRequests(
                then: back.callback { (requests: [RecentRequest]) in
                    let shown = requests.lazy.filter { cursor.isBefore($0) && filter.accepts($0) }
                    reply(
                        .page(
                            shown.prefix(page.limit + 1),
                            limit: page.limit,
                            cursor: { RequestCursor.text($0) },
                            json: Self.json
                        )
                    )
                }
            )
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func json(_ request: RecentRequest) -> JSONValue {
        .object([
            ("id", .string(RequestCursor.text(request))), ("at", .time(request.at)),
            ("request_id", .string(String(decoding: request.requestID.bytes, as: UTF8.self))),
            ("team", .orNull(request.team) { .string($0.rawValue) }),
            ("key", .orNull(request.key) { .string($0.rawValue) }),
            ("method", .string(request.method.name.description)),
            ("path", .string(request.path)), ("status", .integer(request.status)),
            ("cache_status", .orNull(request.cacheStatus) { .string($0.text) }),
            ("document_id", .orNull(request.documentID) { .string($0) }),
            ("model", .orNull(request.model) { .string($0) }), ("charged", .credits(request.charged)),
            ("saved", .credits(request.saved)), ("duration_ms", .milliseconds(request.duration)),
            ("upstream_ms", .orNull(request.upstream) { .milliseconds($0) }),
            ("error", .orNull(request.error) { .string($0) }),
        ])
    }
}

/// Which of the requests are asked for: a team's, and those with a status or with one of a class (`4xx`).
struct RequestFilter {
    private let team: TeamID?
    private let statuses: ClosedRange<Int>?

    init(_ request: AdminRequest) throws(AdminFault) {
        team = request.parameter("team").map(TeamID.init(rawValue:))
        if let team, !Identifier.isSound(team.rawValue) {
            throw .unprocessable("team", "must be the identifier of a team")
        }
        statuses = try request.parameter("status").map { (text) throws(AdminFault) in try Self.statuses(text) }
    }

    /// RFC 9110 §15: three digits, the first of which is the class.
    private static func statuses(_ text: String) throws(AdminFault) -> ClosedRange<Int> {
        if text.utf8.count == 3, let first = text.utf8.first, (UInt8(ascii: "1")...UInt8(ascii: "5")).contains(first) {
            let hundreds = Int(first - UInt8(ascii: "0")) * 100
            if text.hasSuffix("xx") { return hundreds...hundreds + 99 }
            if let status: Int = AdminRequest.wholeNumber(text) { return status...status }
        }
        throw .unprocessable("status", "must be a status from 100 to 599, or a class such as 4xx")
    }

    func accepts(_ request: RecentRequest) -> Bool {
        (team == nil || request.team == team) && (statuses?.contains(request.status) ?? true)
    }
}

/// The request after which a page begins: moment, worker and number, as its `id` has them.
struct RequestCursor {
    private var last: (at: Int64, worker: Int, number: Int)?

    /// Parses a `next_cursor`; nil is the start.
    init(_ text: String?) throws(AdminFault) {
        guard let text else { return }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let at: Int64 = AdminRequest.wholeNumber(parts[0]),
            let worker: Int = AdminRequest.wholeNumber(parts[1]), let number: Int = AdminRequest.wholeNumber(parts[2])
        else { throw .unprocessable("cursor", "must be the next_cursor of the page before") }
        last = (at, worker, number)
    }

    static func text(_ request: RecentRequest) -> String {
        "\(request.at.microseconds)-\(request.worker)-\(request.number)"
    }

    /// Whether the request comes after the cursor in the list, which is newest first.
    func isBefore(_ request: RecentRequest) -> Bool {
        guard let last else { return true }
        return (request.at.microseconds, request.worker, request.number) < (last.at, last.worker, last.number)
    }
}
