import Foundation
import Glibc

/// The folder of a PostgreSQL server, with data as `initdb` leaves them. It belongs to the user that the server runs
/// as, since PostgreSQL refuses to run as root.
///
/// It is removed in deinit; where that is not reached, by a process that has waited for the end of this one.
final class PostgreSQLFolder: Sendable {
    let path: String
    var data: String { path + "/data" }

    private let folder: TemporaryFolder
    /// One of two sockets, the other of which the remover has: it is closed with this process at the latest.
    private let lifeline: Int32

    /// What `initdb` takes a second for is done once, and copied.
    private static let template = Result { try PostgreSQLFolder(initialised: ()) }

    convenience init() throws {
        let template = try Self.template.get()
        try self.init(empty: ())
        try Self.run(Self.unprivileged() + ["cp", "-a", "--reflink=auto", template.data, data])
    }

    private convenience init(initialised: Void) throws {
        try self.init(empty: ())
        let password = try folder.write(PostgreSQLServer.password, to: "password")
        try giveAway(password)
        try Self.run(
            Self.unprivileged() + [
                try Self.program("initdb"), "--no-sync", "--locale", "C", "--encoding", "UTF8",
                "--username", PostgreSQLServer.user, "--pwfile", password, "--auth-local", "trust",
                "--auth-host", "scram-sha-256", "--pgdata", data,
            ]
        )
    }

    private init(empty: Void) throws {
        folder = try TemporaryFolder()
        path = folder.path
        var ends: [Int32] = [-1, -1]
        // Not a pipe, which other children could inherit before it is marked.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw TestFailure("no pair of sockets") }
        lifeline = ends[1]
        defer { close(ends[0]) }
        // The server, which the kernel ends at the same moment, may still write when the end comes.
        let script =
            #"(read -r _ <&3; for _ in 1 2 3 4 5; do sleep 0.2; rm -rf -- "$1" && break; done) >/dev/null 2>&1 &"#
        try ServerProcess(["sh", "-c", script, "sh", path], handing: [ends[0]]).waitForEnd()
        try giveAway(path)
    }

    deinit { close(lifeline) }

    /// A copy of a file for the server alone.
    func take(_ file: String, as name: String) throws -> String {
        let copy = try folder.write(try String(contentsOfFile: file, encoding: .utf8), to: name)
        try giveAway(copy)
        return copy
    }

    private func giveAway(_ file: String) throws {
        guard let (user, group) = Self.owner else { return }
        guard chown(file, user, group) == 0 else {
            throw TestFailure("chown \(file): \(String(cString: strerror(errno)))")
        }
    }

    // MARK: Programs

    /// Whom the server runs as where these tests run as root.
    private static let owner: (uid_t, gid_t)? = {
        guard geteuid() == 0, let entry = getpwnam("nobody") else { return nil }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }()

    /// What a command of the server's begins with.
    static func unprivileged(_ options: String...) -> [String] {
        let identity = owner.map { ["--reuid=\($0.0)", "--regid=\($0.1)", "--clear-groups"] } ?? []
        // Without any option setpriv(1) complains.
        return ["setpriv"] + identity + (options.isEmpty ? ["--pdeathsig", "KILL"] : options) + ["--"]
    }

    /// A program of the newest PostgreSQL that is installed, as Debian lays them out, else of PATH.
    static func program(_ name: String) throws -> String {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let paths = versions.compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin/\(name)" }
        let path = paths.first { FileManager.default.isExecutableFile(atPath: $0) }
        return path ?? name
    }

    private static func run(_ command: [String]) throws {
        let result = try CommandResult.of(command)
        guard result.succeeded else { throw TestFailure("\(command.joined(separator: " ")): \(result.stderr)") }
    }
}
