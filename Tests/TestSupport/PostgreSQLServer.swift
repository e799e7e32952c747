import Foundation
import Glibc
import Vocabulary

/// A PostgreSQL server with data of its own, on a port of loopback and on a socket in its folder.
///
/// Guarded: the process is replaced by a restart. The server ends with this object, and the kernel ends it when the
/// test process dies; then its folder is removed as well. Over TCP the only role needs its password, over the socket it
/// needs none.
public final class PostgreSQLServer: Sendable {
    public static let user = "tollgate"
    public static let password = "pass/word@1"

    /// The one that all tests of a process share, each with databases of its own. It is never restarted.
    public static var shared: PostgreSQLServer { get throws { try sharedStart.get() } }

    private static let sharedStart = Result { try PostgreSQLServer() }

    public let port: UInt16
    /// With the socket.
    public var folder: String { place.path }

    private let place: PostgreSQLFolder
    private let settings: [String: String]
    private let process = Guarded<ServerProcess?>(nil)
    private let databaseCount = Guarded(0)

    /// A server for one test, which may stop and restart it.
    ///
    /// - Parameters:
    ///   - settings: of postgresql.conf, laid over those that all servers here have.
    ///   - identity: with it the server speaks TLS to those who ask for it.
    public static func start(
        own settings: [String: String] = [:],
        identity: Certificates.Identity? = nil
    ) throws -> PostgreSQLServer {
        try PostgreSQLServer(settings, identity)
    }

    private init(_ settings: [String: String] = [:], _ identity: Certificates.Identity? = nil) throws {
        place = try PostgreSQLFolder()
        var all = [
            "autovacuum": "off", "fsync": "on", "listen_addresses": "127.0.0.1", "max_connections": "100",
            // After a crash it would else open and sync a thousand files, which takes seconds.
            "recovery_init_sync_method": "syncfs", "shared_buffers": "16MB", "unix_socket_directories": place.path,
        ]
        if let identity {
            all["ssl"] = "on"
            all["ssl_cert_file"] = try place.take(identity.certificate, as: "server.pem")
            all["ssl_key_file"] = try place.take(identity.privateKey, as: "server.key")
        }
        self.settings = all.merging(settings) { _, own in own }
        var attempts = 5
        while true {
            let port = try Self.freePort()
            do {
                let started = try Self.run(in: place, port: port, settings: self.settings)
                self.port = port
                process.withLock { $0 = started }
                return
            } catch {
                attempts -= 1
                if attempts == 0 { throw error }
            }
        }
    }

    deinit { try? stop(immediate: true) }

    /// Outside the ports that the kernel gives by itself, so that none of those is in the way of a restart.
    private static func freePort() throws -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000...29_999)
            if (try? RawConnection(port: port)) == nil { return port }
        }
        throw TestFailure("no free port")
    }

    private static func run(
        in place: PostgreSQLFolder,
        port: UInt16,
        settings: [String: String]
    ) throws -> ServerProcess {
        let options = settings.merging(["port": "\(port)"]) { _, own in own }.flatMap {
            ["-c", "\($0.key)=\($0.value)"]
        }
        // The kernel takes the wish for a signal from one that changes its user, so it is expressed again. SIGQUIT is
        // the shutdown that waits for nobody.
        let process = try ServerProcess(
            PostgreSQLFolder.unprivileged("--pdeathsig", "QUIT")
                + [try PostgreSQLFolder.program("postgres"), "-D", place.data] + options,
            environment: ["LC_ALL": "C"]
        )
        let isReady = process.stderr.wait {
            $0.contains { $0.hasSuffix("database system is ready to accept connections") }
        }
        guard isReady else {
            process.signal(SIGQUIT)
            throw TestFailure("PostgreSQL did not start: \(process.stderr.text)")
        }
        return process
    }

    // MARK: Stopping

    /// - Parameter immediate: without a checkpoint, as after a crash; else sessions are ended in order.
    public func stop(immediate: Bool) throws {
        guard let running = process.withLock({ $0.take() }) else { return }
        running.signal(immediate ? SIGQUIT : SIGINT)
        try running.waitForEnd()
    }

    /// Starts it again, on the same port and with the same data.
    public func resume() throws {
        let started = try Self.run(in: place, port: port, settings: settings)
        process.withLock { $0 = started }
    }

    public func restart(immediate: Bool) throws {
        try stop(immediate: immediate)
        try resume()
    }

    /// The process that accepts connections, to be stopped or killed by a test; nil while it does not run.
    public var postmaster: pid_t? { process.withLock { $0?.pid } }

    /// What the server has logged since its last start.
    public var log: String { process.withLock { $0?.stderr.text ?? "" } }

    // MARK: Databases

    /// A new, empty database of this server, as a URL of loopback.
    public func makeDatabase() throws -> String {
        let number = databaseCount.withLock { count in
            count += 1
            return count
        }
        // template0 has no connections that one would have to wait for.
        try execute("CREATE DATABASE test\(number) TEMPLATE template0")
        return url(database: "test\(number)")
    }

    public func url(
        database: String = "postgres",
        user: String = PostgreSQLServer.user,
        password: String = PostgreSQLServer.password
    ) -> String {
        let password = password.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
        return "postgresql://\(user):\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// The same through the socket, where no password is asked for.
    public func socketURL(database: String = "postgres") -> String {
        "postgresql://\(Self.user)@/\(database)?host=\(folder)&port=\(port)"
    }

    /// Performs SQL from outside the program that is tested, and gives the rows as `psql` prints them, unaligned.
    @discardableResult
    public func execute(_ sql: String, in database: String = "postgres") throws -> String {
        let result = try CommandResult.of([
            try PostgreSQLFolder.program("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
            "--set", "ON_ERROR_STOP=1", "--command", sql, socketURL(database: database),
        ])
        guard result.succeeded else { throw TestFailure("\(sql): \(result.stderr)") }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
