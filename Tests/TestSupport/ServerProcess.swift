import Foundation
import Glibc

/// A child process whose output is collected. It is killed in deinit, and by the kernel when this process dies.
public final class ServerProcess: @unchecked Sendable {
    public let stdout: OutputCollector
    public let stderr: OutputCollector
    public let pid: pid_t

    // `end` is touched only while `condition` is locked; everything else is immutable.
    private let condition = NSCondition()
    private var end: ProcessEnd?

    /// Starts one of the package's own programs, which lie next to the test bundle.
    public static func program(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        openFilesMax: Int? = nil,
        dataBytesMax: Int? = nil,
        handing sockets: [HandedSocket] = []
    ) throws -> ServerProcess {
        try ServerProcess(
            HandedSocket.command([try path(ofProgram: name)] + arguments, with: sockets),
            environment: environment,
            openFilesMax: openFilesMax,
            dataBytesMax: dataBytesMax,
            handing: sockets.map(\.descriptor)
        )
    }

    /// The path of a program: one built with these tests, or from the folder that TOLLGATE_TEST_PROGRAMS names.
    public static func path(ofProgram name: String) throws -> String {
        let folder =
            if let named = ProcessInfo.processInfo.environment["TOLLGATE_TEST_PROGRAMS"] {
                URL(fileURLWithPath: named)
            } else {
                URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
                    .deletingLastPathComponent()
            }
        let path = folder.appendingPathComponent(name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestFailure("\(name) is not beside the test bundle; build the whole package first")
        }
        return path
    }

    /// Whether a sanitizer is built into the programs, which then take much more memory than their own.
    public static let programsAreSanitized: Bool = {
        let marks = ["-e", "__asan_init", "-e", "__tsan_init"]
        guard let program = try? path(ofProgram: "tollgate"),
            let result = try? CommandResult.of(["grep", "--quiet"] + marks + [program])
        else { return false }
        return result.succeeded
    }()

    /// Starts `command[0]`, looked up in PATH if it has no slash. The environment is this process's, with
    /// `environment` laid over it; `openFilesMax` lowers or raises RLIMIT_NOFILE, `dataBytesMax` RLIMIT_DATA (soft and
    /// hard); `descriptors` are what it gets behind its standard streams.
    public init(
        _ command: [String],
        environment: [String: String] = [:],
        openFilesMax: Int? = nil,
        dataBytesMax: Int? = nil,
        handing descriptors: [Int32] = []
    ) throws {
        let bounds = [
            openFilesMax.map { "--nofile=\($0):\($0)" }, dataBytesMax.map { "--data=\($0):\($0)" },
        ].compactMap { $0 }
        let limits = bounds.isEmpty ? [] : ["prlimit"] + bounds + ["--"]
        let child = try Spawner.spawn(
            limits + command,
            environment: ProcessInfo.processInfo.environment.merging(environment) { _, own in own },
            handing: descriptors
        )
        pid = child.pid
        stdout = OutputCollector(owning: child.stdout)
        stderr = OutputCollector(owning: child.stderr)
        let waiter = Thread { [pid, condition, weak self] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            condition.lock()
            let signal = status & 0x7F
            self?.end = signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
            condition.broadcast()
            condition.unlock()
        }
        waiter.start()
    }

    deinit {
        if condition.withLock({ end }) == nil { Glibc.kill(pid, SIGKILL) }
    }

    /// Sends signal `number` unless the process has already ended.
    public func signal(_ number: Int32) {
        condition.withLock {
            if end == nil { _ = Glibc.kill(pid, number) }
        }
    }

    public var isRunning: Bool { condition.withLock { end == nil } }

    /// Waits until the process has ended and all of its output is collected.
    @discardableResult
    public func waitForEnd(_ deadline: Deadline = .generous) throws -> ProcessEnd {
        let end = condition.withLock {
            while self.end == nil, !deadline.hasPassed { _ = condition.wait(until: deadline.date) }
            return self.end
        }
        guard let end else { throw TestFailure("process \(pid) did not end; its stderr: \(stderr.text)") }
        _ = stdout.waitForEnd(deadline)
        _ = stderr.waitForEnd(deadline)
        return end
    }

    /// Sends SIGTERM and waits for the end.
    @discardableResult
    public func terminate() throws -> ProcessEnd {
        signal(SIGTERM)
        return try waitForEnd()
    }

    /// Sends SIGKILL and waits for the end.
    public func kill() throws {
        signal(SIGKILL)
        try waitForEnd()
    }

    /// The rest of the first line on stdout that begins with `prefix`.
    public func announcement(after prefix: String) throws -> String {
        guard stdout.wait(until: { $0.contains { $0.hasPrefix(prefix) } }),
            let line = stdout.lines.first(where: { $0.hasPrefix(prefix) })
        else {
            throw TestFailure("“\(prefix)…” was not printed; stdout: \(stdout.text) stderr: \(stderr.text)")
        }
        return String(line.dropFirst(prefix.count))
    }
}
