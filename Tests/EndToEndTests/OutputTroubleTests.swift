import Foundation
import TestSupport
import Testing

/// Standard output and standard error that do not accept writes.
@Suite("Trouble with the output")
struct OutputTroubleTests {
    /// A program started by a shell with `redirection`: `$0` is tollgate, `$1` the configuration.
    private func serve(_ redirection: String, _ file: String, _ output: String = "") throws -> ServerProcess {
        let program = try ServerProcess.path(ofProgram: "tollgate")
        return try ServerProcess(["bash", "-c", redirection, program, file, output])
    }

    private func configuration(_ changes: JSON = [:]) throws -> (TemporaryFolder, String) {
        let folder = try TemporaryFolder()
        let base = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:1", folder: folder)
        return (folder, try folder.write(base.overlaid(with: changes).text, to: "config.json"))
    }

    private func clientPort(_ announced: String) throws -> UInt16 {
        let address = try #require(announced.split(separator: " ").first)
        return try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
    }

    private func ask(_ port: UInt16) throws {
        let connection = try RawConnection(port: port)
        try connection.send(TestRequest("GET", "/nowhere").bytes)
        #expect(try connection.response().status == 404)
    }

    enum Stream: String, CaseIterable, Sendable { case output, errors }

    /// Starts a gateway with one output on a pipe whose reader stalls, and fills the pipe.
    private func stalled(_ stream: Stream, drainTimeout: String) throws -> Stalled {
        let log: JSON = ["level": stream == .errors ? "debug" : "info"]
        let (folder, file) = try configuration(["listen": ["drain_timeout": .string(drainTimeout)], "log": log])
        let reader = try StalledReader()
        let process: ServerProcess
        let announced: String
        switch stream {
        case .output:
            process = try serve(#"exec "$0" serve --config "$1" >"$2""#, file, reader.path)
            announced = try reader.line(after: "tollgate listening on ")
            let port = try clientPort(announced)
            for _ in 0..<40 { try ask(port) }
        case .errors:
            process = try serve(#"exec "$0" serve --config "$1" 2>"$2""#, file, reader.path)
            announced = try process.announcement(after: "tollgate listening on ")
            let admin = try #require(announced.split(separator: ":").last.flatMap { UInt16($0) })
            for _ in 0..<60 { try ask(admin) }
        }
        try reader.waitUntilFull()
        return Stalled(process: process, reader: reader, folder: folder)
    }

    /// A process that waits for its reader, and its environment.
    private struct Stalled {
        let process: ServerProcess
        let reader: StalledReader
        let folder: TemporaryFolder
    }

    @Test("a reader that stalls holds the end up for drain_timeout at most", arguments: Stream.allCases)
    func endsInTime(_ stream: Stream) throws {
        let stalled = try stalled(stream, drainTimeout: "500ms")
        #expect(try stalled.process.terminate() == .exit(0), "\(stalled.process.stderr.text)")
    }

    @Test("a reader that stalls stalls no request, and what is dropped for it is counted")
    func dropped() throws {
        let (folder, file) = try configuration()
        let reader = try StalledReader()
        let process = try serve(#"exec "$0" serve --config "$1" >"$2""#, file, reader.path)
        let announced = try reader.line(after: "tollgate listening on ")
        let port = try clientPort(announced)
        let admin = try #require(announced.split(separator: ":").last.flatMap { UInt16($0) })
        // 4 MiB of lines wait at most; each of these is some 500 bytes long.
        let request = TestRequest("GET", "/" + String(repeating: "n", count: 300)).bytes
        let connection = try RawConnection(port: port)
        var dropped = 0
        for _ in 0..<20 where dropped == 0 {
            for _ in 0..<10 {
                for _ in 0..<100 { try connection.send(request) }
                for _ in 0..<100 { #expect(try connection.response().status == 404) }
            }
            dropped = try droppedLines(admin)
        }
        #expect(dropped > 0)
        // A short line may fit where a long one did not; of ten long ones nine do not.
        for _ in 0..<10 { try connection.send(request) }
        for _ in 0..<10 { #expect(try connection.response().status == 404) }
        #expect(try droppedLines(admin) > dropped)
        try process.kill()
        withExtendedLifetime(folder) {}
    }

    private func droppedLines(_ admin: UInt16) throws -> Int {
        let connection = try RawConnection(port: admin)
        try connection.send(TestRequest("GET", "/metrics").bytes)
        let scrape = try Scrape(try connection.response().text)
        return scrape.value("tollgate_log_lines_dropped_total", ["log": "access"]).flatMap { Int($0) } ?? -1
    }

    @Test("a second signal ends such a wait at once", arguments: Stream.allCases)
    func secondSignal(_ stream: Stream) throws {
        let stalled = try stalled(stream, drainTimeout: "10m")
        let process = stalled.process
        process.signal(SIGTERM)
        // The store is closed once its lock is free: from then on only the output is waited for.
        let deadline = Deadline.generous
        while try openFiles(process).contains(where: { $0.hasSuffix("tollgate.db") }) {
            try #require(!deadline.hasPassed, "the store is not closed")
        }
        process.signal(SIGTERM)
        #expect(try process.waitForEnd() == .exit(0), "\(process.stderr.text)")
        withExtendedLifetime(stalled) {}
    }

    private func openFiles(_ process: ServerProcess) throws -> [String] {
        let folder = "/proc/\(process.pid)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
    }

    @Test(
        "a start with something to say, and a reload, outlive an output that takes nothing",
        arguments: [
            #"exec "$0" serve --config "$1" 2>/dev/full"#,
            #"exec 2> >(exec true); wait $!; exec "$0" serve --config "$1""#,
            #"exec "$0" serve --config "$1" 2>&-"#,
            #"exec "$0" serve --config "$1" <&- 2>&-"#,
        ]
    )
    func noOutput(_ redirection: String) throws {
        let (folder, file) = try configuration()
        let process = try serve(redirection, file)
        let port = try clientPort(try process.announcement(after: "tollgate listening on "))
        try ask(port)
        process.signal(SIGHUP)
        try ask(port)
        #expect(try process.terminate() == .exit(0))
        withExtendedLifetime(folder) {}
    }

    @Test(
        "a limit on the size of files ends a start with its reason, not with a signal",
        .disabled(if: dlsym(nil, "__tsan_init") != nil, "the thread sanitizer writes a file of its own at the start")
    )
    func fileSizeLimit() throws {
        let (folder, file) = try configuration()
        let process = try serve(#"ulimit -f 2; exec "$0" serve --config "$1""#, file)
        #expect(try process.waitForEnd() == .exit(1))
        #expect(process.stderr.text.contains("store.url"), "\(process.stderr.text)")
        withExtendedLifetime(folder) {}
    }

    @Test("descriptors that are closed at the start are not given to anything else", arguments: [0, 1, 2])
    func closedDescriptors(_ number: Int) throws {
        let (folder, file) = try configuration()
        let closing = number == 0 ? "<&-" : "\(number)>&-"
        let process = try serve(#"exec "$0" serve --config "$1" "# + closing, file)
        let deadline = Deadline.generous
        // The store is open once its files exist.
        while try !openFiles(process).contains(where: { $0.hasSuffix("tollgate.db") }) {
            try #require(!deadline.hasPassed && process.isRunning, "\(process.stderr.text)")
        }
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.pid)/fd/\(number)")
        #expect(link == "/dev/null")
        #expect(try process.terminate() == .exit(0))
        withExtendedLifetime(folder) {}
    }

    @Test("check tells its result by its exit, whether its lines are read or not")
    func check() throws {
        let (folder, file) = try configuration()
        let unsound = try folder.write("{}", to: "unsound.json")
        for (file, end) in [(file, Int32(0)), (unsound, 1)] {
            for output in ["/dev/full", "/dev/null"] {
                let check = #"exec "$0" check --config "$1" >"# + output + " 2>" + output
                #expect(try serve(check, file).waitForEnd() == .exit(end))
            }
            let check = #"exec > >(exec true); wait $!; exec "$0" check --config "$1""#
            #expect(try serve(check, file).waitForEnd() == .exit(end))
        }
    }

    @Test("with log.format json every line of a start, a reload and an end on standard error is one of JSON")
    func jsonLines() throws {
        let (folder, file) = try configuration(["log": ["format": "json"]])
        let process = try serve(#"exec "$0" serve --config "$1""#, file)
        _ = try process.announcement(after: "tollgate listening on ")
        func remarks(_ lines: [String]) -> Int {
            lines.count { $0.contains("upstream.keys[0].secret") && $0.contains("stands in the configuration itself") }
        }
        process.signal(SIGHUP)
        #expect(process.stderr.wait { remarks($0) == 2 }, "\(process.stderr.text)")
        #expect(try process.terminate() == .exit(0))
        for line in process.stderr.lines {
            #expect(try JSON.parse(line.utf8)["level"].string != nil, "\(line)")
        }
        #expect(process.stdout.lines.first?.hasPrefix("tollgate listening on ") == true)
        withExtendedLifetime(folder) {}
    }

    @Test("so is the line of a start that fails")
    func jsonFailure() throws {
        let (folder, file) = try configuration(["store": ["url": "sqlite:/nonexistent/t.db"]])
        let process = try serve(#"exec "$0" serve --config "$1""#, file)
        #expect(try process.waitForEnd() == .exit(1))
        let lines = try process.stderr.lines.map { try JSON.parse($0.utf8) }
        #expect(lines.last?["fault"].string?.contains("store.url") == true, "\(process.stderr.text)")
        withExtendedLifetime(folder) {}
    }

    @Test("with log.format text they are plain")
    func textLines() throws {
        let (folder, file) = try configuration(["log": ["format": "text"]])
        let process = try serve(#"exec "$0" serve --config "$1""#, file)
        _ = try process.announcement(after: "tollgate listening on ")
        #expect(process.stderr.wait { $0.contains { $0.contains("upstream.keys[0].secret") && !$0.hasPrefix("{") } })
        #expect(try process.terminate() == .exit(0))
        withExtendedLifetime(folder) {}
    }
}
