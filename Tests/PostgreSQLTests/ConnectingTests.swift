import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import PostgreSQL

@Suite("Connecting")
struct ConnectingTests {
    /// No name: its part is longer than 63 bytes, so no name server is asked.
    private static let unknown = String(repeating: "x", count: 64) + ".invalid"

    private let server: PostgreSQLServer

    init() throws { server = try .shared }

    private func connect(_ url: String, within duration: Duration = .generous) throws -> PostgreSQLConnection {
        try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: duration)
    }

    private func failure(_ url: String, within duration: Duration = .generous) -> PostgreSQLFailure? {
        let failure = #expect(throws: PostgreSQLFailure.self) { try connect(url, within: duration) }
        #expect(failure?.kind == .connection)
        #expect(failure?.message.contains("pass/word") == false)
        return failure
    }

    /// The URL of the shared server with these before its own host.
    private func url(after hosts: [String]) -> String {
        server.url().replacing("@127.0.0.1:", with: "@" + hosts.map { $0 + "," }.joined() + "127.0.0.1:")
    }

    private func expectWorks(_ connection: PostgreSQLConnection) {
        #expect(throws: Never.self) { try connection.query(PostgreSQLCommand("SELECT 1"), within: .generous) }
    }

    @Test("over TCP with a password, over the socket without")
    func ways() throws {
        expectWorks(try connect(server.url()))
        expectWorks(try connect(server.socketURL()))
        let bare = server.url().replacing(/:[^:@]+@/, with: "@")
        let address = try PostgreSQLAddress(url: bare, password: PostgreSQLServer.password)
        expectWorks(try PostgreSQLConnection(to: address, within: .generous))
        expectWorks(try connect(server.url().replacing("127.0.0.1", with: "localhost")))
    }

    // MARK: Refusals

    @Test("where nobody listens it is refused, and the message says where")
    func refused() throws {
        let failure = failure("postgresql://127.0.0.1:1/d")
        #expect(failure?.message.contains("127.0.0.1:1") == true)
        #expect(failure?.message.contains("Connection refused") == true)
        #expect(failure?.sqlState == nil)
    }

    @Test("a wrong password, role and database are named by their codes, and other servers are not asked for them")
    func wrong() throws {
        let wrongPassword = failure(server.url(password: "wrong"))
        #expect(wrongPassword?.sqlState == "28P01" && wrongPassword?.meaning == .permission)
        #expect(failure(server.url(user: "nobody"))?.meaning == .permission)
        #expect(failure(server.url(database: "nowhere"))?.sqlState == "3D000")
        let missing = failure(server.url().replacing(/:[^:@]+@/, with: "@"))
        #expect(missing?.message.contains("no password supplied") == true)

        let other = try LoopbackListener(backlog: 1)
        let both = server.url(password: "wrong").replacing("/postgres", with: ",127.0.0.1:\(other.port)/postgres")
        let final = failure(both)
        #expect(final?.sqlState == "28P01")
        #expect(final?.message.contains(":\(other.port)") == false)
        var waiting = pollfd(fd: other.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&waiting, 1, 0) == 0, "nobody has connected there")
        close(other.descriptor)
    }

    @Test("a name that does not exist is said to be one")
    func name() throws {
        #expect(failure("postgresql://\(Self.unknown)/d")?.message.hasPrefix("\(Self.unknown): ") == true)
    }

    @Test("what is no PostgreSQL is found out")
    func stranger() throws {
        var reply = ScriptedReply.raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        reply.readsRequest = false
        let stranger = try ScriptedServer([reply])
        let failure = failure("postgresql://127.0.0.1:\(stranger.port)/d?sslmode=disable")
        #expect(failure?.message.contains("received H") == true, "\(String(describing: failure))")
    }

    @Test("a server without a connection left says so")
    func crowded() throws {
        let server = try PostgreSQLServer.start(own: ["max_connections": "1", "superuser_reserved_connections": "0"])
        let first = try connect(server.url())
        let failure = failure(server.url())
        #expect(failure?.sqlState == "53300" && failure?.meaning == .notAcceptingYet)
        expectWorks(first)
    }

    // MARK: Deadlines

    @Test("a server that does not answer is given up at the deadline, before it has accepted and after")
    func silent() throws {
        let silent = try UnansweringPort()
        let accepting = try LoopbackListener(backlog: 1)
        for port in [silent.port, accepting.port] {
            let start = SystemClock.monotonic()
            let failure = failure("postgresql://127.0.0.1:\(port)/d", within: .milliseconds(100))
            #expect(SystemClock.monotonic() - start >= .milliseconds(100))
            #expect(failure?.message.contains("no answer in time") == true)
        }
        close(accepting.descriptor)
    }

    // MARK: Several servers

    @Test("servers that are dead, silent or unknown are passed over")
    func several() throws {
        let silent = try UnansweringPort()
        expectWorks(try connect(url(after: ["127.0.0.1:1"])))
        expectWorks(try connect(url(after: ["\(Self.unknown):1", "127.0.0.1:1"])))
        // Its share of the time must be over before the next one is asked.
        expectWorks(try connect(url(after: ["127.0.0.1:\(silent.port)"]) + "?connect_timeout=1"))
        expectWorks(try connect(url(after: ["127.0.0.1:\(silent.port)"]) + "?connect_timeout=0", within: .seconds(6)))
    }

    @Test("a server that takes no writes is passed over, unless the URL wants it")
    func readOnly() throws {
        let standby = try PostgreSQLServer.start(own: ["default_transaction_read_only": "on"])
        let standbyPlace = "127.0.0.1:\(standby.port)"
        let connection = try connect(url(after: [standbyPlace]))
        #expect(try connection.query(PostgreSQLCommand("SHOW port"), within: .generous).text(0, 0) == "\(server.port)")
        let alone = failure(standby.url())
        #expect(alone?.message.contains("session is read-only") == true)
        // Behind one that is dead: nobody is left.
        let both = failure(standby.url().replacing("@127.0.0.1:", with: "@127.0.0.1:1,127.0.0.1:"))
        #expect(both?.message.contains("Connection refused") == true)
        #expect(both?.message.contains("session is read-only") == true)
        expectWorks(try connect(standby.url() + "?target_session_attrs=any"))
    }

    // MARK: TLS

    @Test("the server's certificate is checked where the URL demands it")
    func certificates() throws {
        let certificates = try Certificates()
        let server = try PostgreSQLServer.start(identity: certificates.issue("server"))
        let full = server.url() + "?sslmode=verify-full&sslrootcert="
        let connection = try connect(full + certificates.authority)
        #expect(connection.isTLS)
        // Records as large as they come, in both directions.
        var command = PostgreSQLCommand("SELECT $1, repeat('x', 5000000)")
        command.bind([UInt8](repeating: 7, count: 5_000_000))
        let rows = try connection.query(command, within: .generous)
        #expect(rows.bytes(0, 0)?.count == 5_000_000 && rows.text(0, 1)?.utf8.count == 5_000_000)

        let others = try Certificates()
        let stranger = failure(full + others.authority)
        #expect(stranger?.message.contains("certificate verify failed") == true)
        let name = failure(
            full.replacing("@127.0.0.1:", with: "@db.example:") + certificates.authority + "&hostaddr=127.0.0.1"
        )
        #expect(name?.message.contains("does not match host name") == true)
        #expect(failure(self.server.url() + "?sslmode=require")?.message.contains("does not support SSL") == true)
        #expect(try !connect(server.url() + "?sslmode=disable").isTLS)
        #expect(try connect(server.url()).isTLS, "it is preferred")
    }
}
