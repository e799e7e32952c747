import HTTPMessages
import JSON

/// The health checks of the admin listener, which need no token. Confined to the server's loop.
final class AdminReadiness {
    typealias Question = (@escaping (AdminFault?) -> Void) -> Void

    /// True once the drain begins: load balancers must stop sending requests.
    var isDraining = false
    private let isReady: Question

    init(isReady: @escaping Question) { self.isReady = isReady }

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, "/healthz", role: nil) { _, done in done(.ok(Self.status("alive"))) },
            AdminRoute(.get, "/readyz", role: nil) { [unowned self] _, done in answer(done) },
        ]
    }

    private func answer(_ done: @escaping (AdminReply) -> Void) {
        if isDraining { return done(AdminReply(.draining)) }
        isReady { fault in done(fault.map { AdminReply($0) } ?? .ok(Self.status("ready"))) }
    }

    private static func status(_ state: String) -> JSONValue { .object([("status", .string(state))]) }
}
