import Administration
import Cryptography
import EventLoops
import Glibc
import JSON
import TestSupport
import Transport
import Vocabulary

/// An admin server on its own loop, with routes that show what reaches a handler. Guarded: state confined to the loop
/// is reached through `perform`.
final class AdminStand: Sendable {
    static let viewer = "viewer-token-0123456789"
    static let operatorToken = "operator-token-0123456789"
    static let admin = "admin-token-0123456789"

    /// Requests that handlers hold until a test answers them. Confined to the loop.
    final class Shelf {
        var completions: [(AdminReply) -> Void] = []
        var readinessFault: AdminFault?
    }

    private struct Opened: Sendable {
        let server: LoopBound<AdminServer>
        let shelf: LoopBound<Shelf>
        let port: UInt16
    }

    let lines = LineBox()
    private let opened: Opened
    private let thread: LoopThread
    var port: UInt16 { opened.port }

    static func settings(_ tokens: [(String, AdminRole, String)] = tokens) -> AdminSettings {
        let hasher = SHA256Hasher()
        return AdminSettings(
            tokens: tokens.map { AdminToken(name: $0, role: $1, digest: hasher.digest(Array($2.utf8))) }
        )
    }

    static let tokens = [
        ("vera", AdminRole.viewer, viewer), ("olga", .operator, operatorToken), ("ada", .admin, admin),
    ]

    init(_ settings: AdminSettings = AdminStand.settings()) throws {
        // A reply to a closed connection must fail with EPIPE, not end the process.
        signal(SIGPIPE, SIG_IGN)
        let ready = Handover<Opened>()
        let lines = self.lines
        thread = try LoopThread.start(name: "admin") { loop in
            let shelf = Shelf()
            do throws(ListenFault) {
                let server = try AdminServer(
                    loop: loop,
                    address: SocketAddress(ip: [127, 0, 0, 1], port: 0),
                    settings: settings,
                    routes: AdminStand.routes(shelf),
                    isReady: { done in done(shelf.readinessFault) }
                )
                server.onRequest = { lines.append($0) }
                server.start()
                let port = server.address.port
                ready.give(
                    Opened(server: LoopBound(server, loop: loop), shelf: LoopBound(shelf, loop: loop), port: port)
                )
            } catch { preconditionFailure(error.description) }
        }
        opened = ready.take()
    }

    deinit {
        thread.post { [opened] loop in
            opened.server.value.stop()
            loop.stop()
        }
        thread.join()
    }

    /// Runs `action` in the loop and waits for it.
    func perform(_ action: @escaping @Sendable (AdminServer, Shelf) -> Void) {
        let done = Handover<Bool>()
        thread.post { [opened] _ in
            action(opened.server.value, opened.shelf.value)
            done.give(true)
        }
        _ = done.take()
    }

    /// Waits until handlers hold a request, and returns how many they hold.
    func waitForKept() throws -> Int {
        let deadline = Deadline.generous
        let count = KeptCount()
        while !deadline.hasPassed {
            perform { _, shelf in count.note(shelf.completions.count) }
            if count.value > 0 { return count.value }
        }
        throw TestFailure("no request was kept")
    }

    func connect() throws -> RawConnection { try RawConnection(port: port) }

    /// Sends one request on a connection of its own, and returns the response.
    func answer(_ request: TestRequest) throws -> TestResponse {
        let connection = try connect()
        try connection.send(request.bytes)
        return try connection.response(toHEAD: request.method == "HEAD")
    }

    static func bearer(_ token: String) -> (name: String, value: String) { ("Authorization", "Bearer \(token)") }

    // MARK: Routes

    private static func routes(_ shelf: Shelf) -> [AdminRoute] {
        [
            AdminRoute(.get, "/admin/v1/things/{thing}", role: .viewer) { request, done in
                done(.ok(described(request)))
            },
            AdminRoute(.post, "/admin/v1/things", role: .operator) { request, done in
                done(.created(described(request), location: "/admin/v1/things/new"))
            },
            AdminRoute(.delete, "/admin/v1/things/{thing}", role: .admin) { _, done in done(.noContent) },
            AdminRoute(.get, "/admin/v1/kept", role: .viewer) { _, done in shelf.completions.append(done) },
            AdminRoute(.get, "/slow", role: nil) { _, done in shelf.completions.append(done) },
            AdminRoute(.get, "/page", role: nil) { request, done in
                done(.ok(Array("<p>\(request.body.count)".utf8), contentType: "text/html; charset=utf-8"))
            },
        ]
    }

    private static func described(_ request: AdminRequest) -> JSONValue {
        .object([
            ("parameters", .array(request.parameters.map { .string($0) })),
            ("query", .array(request.query.map { .string("\($0)=\($1)") })),
            ("body", .string(String(decoding: request.body, as: UTF8.self))),
            ("idempotency_key", request.idempotencyKey.map { .string($0) } ?? .null),
            ("actor", .string(request.actor?.name ?? "")),
            ("address", .string(request.address)),
            ("request_id", .string(request.requestID)),
        ])
    }
}
