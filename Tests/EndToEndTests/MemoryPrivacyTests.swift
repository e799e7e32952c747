import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §8: no core dump contains a key, and no other process of the same user can read the memory.
@Suite("The memory of the process")
struct MemoryPrivacyTests {
    @Test("serve makes itself undumpable before it reads its configuration")
    func undumpable() throws {
        let folder = try TemporaryFolder()
        let trace = folder.file("trace")
        let configuration = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:9", folder: folder)
        try folder.write(configuration.text, to: "config.json")
        let program = try ServerProcess.path(ofProgram: "tollgate")
        // With its threads: files are read on a thread of their own.
        let options = ["-f", "-o", trace, "-e", "trace=prctl,openat"]
        let command = ["strace"] + options + [program, "serve", "--config", folder.file("config.json")]
        let process = try ServerProcess(command)
        _ = try process.announcement(after: "tollgate listening on ")
        // The tracer does not forward the signal; it ends with the traced process.
        let children = try String(contentsOfFile: "/proc/\(process.pid)/task/\(process.pid)/children", encoding: .utf8)
        let pid = try #require(pid_t(children.trimmingCharacters(in: .whitespaces)))
        #expect(kill(pid, SIGTERM) == 0)
        #expect(try process.waitForEnd() == .exit(0))
        let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        let hidden = lines.firstIndex { $0.contains("PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0") }
        let read = lines.firstIndex { $0.contains("config.json") }
        #expect(try #require(hidden) < #require(read))
    }
}
