import Foundation
import Logging
import TestSupport
import Testing

@testable import Observability

// One at a time: level and format are the process's.
@Suite("ProcessLog", .serialized)
struct ProcessLogTests {
    /// A logger of our own, since a process is bootstrapped once only.
    private func lines(
        _ count: Int,
        format: ProcessLog.Format = .json,
        marksPriority: Bool = false,
        _ body: (Logger) -> Void
    ) throws -> [String] {
        let pipe = try TestPipe()
        let writer = try LogWriter(descriptor: pipe.writing)
        ProcessLog.replaceFormat(format)
        defer { ProcessLog.replaceFormat(.json) }
        body(Logger(label: "test") { LineHandler(label: $0, writer: writer, marksPriority: marksPriority) })
        writer.close()
        let lines = count == 0 ? [] : try pipe.lines(count)
        #expect(pipe.waiting == 0, "more lines than expected")
        return lines
    }

    @Test("writes messages of the threshold's level and above", arguments: ProcessLog.Level.allCases)
    func levels(threshold: ProcessLog.Level) throws {
        ProcessLog.replaceLevel(threshold)
        defer { ProcessLog.replaceLevel(.info) }
        let rank = try #require(ProcessLog.Level.allCases.firstIndex(of: threshold))
        let expected = ProcessLog.Level.allCases[rank...].map(\.rawValue)
        let written = try lines(expected.count) { logger in
            for level in Logger.Level.allCases { logger.log(level: level, "said") }
        }
        let levels = try written.map { text in
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
            #expect(object?["msg"] == "said")
            #expect(object?["label"] == "test")
            return object?["level"]
        }
        #expect(levels == expected)
    }

    @Test("for the journal a line begins with its priority, in either format", arguments: ProcessLog.Format.allCases)
    func priorities(_ format: ProcessLog.Format) throws {
        ProcessLog.replaceLevel(.trace)
        defer { ProcessLog.replaceLevel(.info) }
        let levels = Logger.Level.allCases
        let written = try lines(levels.count, format: format, marksPriority: true) { logger in
            for level in levels { logger.log(level: level, "said") }
        }
        #expect(written.map { String($0.prefix(3)) } == ["<7>", "<7>", "<6>", "<5>", "<4>", "<3>", "<2>"])
        #expect(written.allSatisfy { $0.dropFirst(3).first == (format == .json ? "{" : "2") })
    }

    @Test("a descriptor is the journal's when it is the one that the variable names")
    func journal() throws {
        let pipe = try TestPipe()
        var status = stat()
        #expect(fstat(pipe.writing, &status) == 0)
        let own = "\(status.st_dev):\(status.st_ino)"
        func isJournal(_ stream: String?) -> Bool {
            JournalStream.isConnected(to: pipe.writing, stream.map { ["JOURNAL_STREAM": $0] } ?? [:])
        }
        #expect(isJournal(own))
        for other in [nil, "", "0:0", own + "0", "0" + own, "\(status.st_ino)"] { #expect(!isJournal(other)) }
        #expect(!JournalStream.isConnected(to: -1, ["JOURNAL_STREAM": own]))
    }

    @Test("a JSON line holds time, level, label, message and metadata in the order of their names, all escaped")
    func json() throws {
        ProcessLog.replaceLevel(.info)
        let written = try lines(1) { logger in
            logger.error("a \"code\"", metadata: ["b": "2\n", "a": "1", "na\"me": "\u{1B}[31m"])
        }
        let text = try #require(written.first)
        let tail = #","level":"error","label":"test","msg":"a \"code\"","a":"1","b":"2\u000a","na\"me":"\u001b[31m"}"#
        #expect(text.hasSuffix(tail))
        #expect(text.wholeMatch(of: /\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",.*/) != nil, "\(text)")
    }

    @Test("a text line is one line without controls, those in names of metadata included")
    func text() throws {
        ProcessLog.replaceLevel(.info)
        let written = try lines(1, format: .text) { logger in
            logger.warning("co\nde", metadata: ["b": "2\r", "a\n": "\u{1B}[31m"])
        }
        let text = try #require(written.first)
        #expect(text.hasSuffix(#" warning co\u000ade a\u000a=\u001b[31m b=2\u000d"#), "\(text)")
        #expect(text.utf8.allSatisfy { $0 >= 0x20 })
    }

    @Test("metadata of the logger is written with that of the message, which wins")
    func metadata() throws {
        ProcessLog.replaceLevel(.info)
        let written = try lines(1) { logger in
            var logger = logger
            logger[metadataKey: "both"] = "logger"
            logger[metadataKey: "own"] = "logger"
            logger.logLevel = .critical
            logger.info("m", metadata: ["both": "message"])
        }
        #expect(written.first?.hasSuffix(#""msg":"m","both":"message","own":"logger"}"#) == true)
    }

    @Test("after bootstrap the process's log goes through the writer; a new level and a new format count at once")
    func bootstrap() async {
        await #expect(processExitsWith: .success) {
            let pipe = try TestPipe()
            let writer = try LogWriter(descriptor: pipe.writing)
            ProcessLog.bootstrap(level: .warning, format: .json, writer: writer)
            ProcessLog.info("unheard")
            ProcessLog.warning("first", ["key": "value"])
            ProcessLog.replaceLevel(.error)
            ProcessLog.warning("unheard")
            ProcessLog.error("second")
            ProcessLog.replaceLevel(.info)
            ProcessLog.info("third")
            ProcessLog.replaceFormat(.text)
            ProcessLog.info("fourth")
            ProcessLog.replaceFormat(.json)
            ProcessLog.info("fifth")
            writer.close()
            let lines = try pipe.lines(5)
            precondition(pipe.waiting == 0)
            precondition(lines[0].hasSuffix(#""level":"warning","label":"tollgate","msg":"first","key":"value"}"#))
            precondition(lines[1].hasSuffix(#""level":"error","label":"tollgate","msg":"second"}"#))
            precondition(lines[2].hasSuffix(#""level":"info","label":"tollgate","msg":"third"}"#))
            precondition(lines[3].hasSuffix(" info fourth"))
            precondition(lines[4].hasSuffix(#""level":"info","label":"tollgate","msg":"fifth"}"#))
        }
    }
}
