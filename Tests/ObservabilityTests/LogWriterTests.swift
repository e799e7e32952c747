import Dispatch
import Foundation
import Glibc
import Observability
import TestSupport
import Testing

@Suite("LogWriter")
struct LogWriterTests {
    private func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

    @Test("writes lines in the order they were appended; flush returns when they are out")
    func order() throws {
        let pipe = try TestPipe()
        let writer = try LogWriter(descriptor: pipe.writing)
        let expected = (0..<1_000).map { "line \($0)" }
        for text in expected { writer.append(line(text).span) }
        writer.flush()
        #expect(pipe.waiting == expected.reduce(0) { $0 + $1.utf8.count + 1 })
        #expect(try pipe.lines(1_000) == expected)
        writer.close()
    }

    @Test("writes without a flush too, soon or late", arguments: [.zero, .milliseconds(20)] as [Duration])
    func withoutFlush(delay: Duration) throws {
        let pipe = try TestPipe()
        let writer = try LogWriter(descriptor: pipe.writing, delay: delay)
        for number in 0..<5 {
            writer.append(line("\(number)").span)
            #expect(try pipe.lines(1) == ["\(number)"])
        }
        writer.close()
    }

    @Test("lines of several threads stay whole, all come, and each thread's in its order")
    func threads() throws {
        let pipe = try TestPipe()
        let writer = try LogWriter(descriptor: pipe.writing, bytesMax: 64 * 1024 * 1024, delay: .zero)
        let (threads, each) = (4, 5_000)
        let padding = String(repeating: "x", count: 50)
        DispatchQueue.global().async {
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                for number in 0..<each { writer.append(Array("\(thread) \(number) \(padding)\n".utf8).span) }
            }
        }
        var next = [Int](repeating: 0, count: threads)
        for text in try pipe.lines(threads * each) {
            let parts = text.split(separator: " ")
            let thread = try #require(parts.first.flatMap { Int($0) })
            #expect(text == "\(thread) \(next[thread]) \(padding)")
            next[thread] += 1
        }
        #expect(next == [Int](repeating: each, count: threads))
        writer.close()
    }

    @Test(
        "a reader that stalls makes nobody wait: what does not fit is dropped, counted, and the count is told",
        arguments: [true, false]
    )
    func stalledReader(blocks: Bool) throws {
        let pipe = try TestPipe(blocks: blocks)
        let writer = try LogWriter(descriptor: pipe.writing, bytesMax: 100_000, delay: .zero)
        let appended = 5_000
        let padding = String(repeating: "x", count: 100)
        for number in 0..<appended { writer.append(line("\(number) \(padding)").span) }

        var numbers: [Int] = []
        var dropped = 0
        while numbers.count + dropped < appended {
            for text in try pipe.lines(1) {
                if text.hasPrefix("{") {
                    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                    #expect(object?["msg"] as? String == "log_lines_dropped")
                    #expect(object?["level"] as? String == "warning")
                    dropped += try #require(object?["count"] as? Int)
                } else {
                    numbers.append(try #require(text.split(separator: " ").first.flatMap { Int($0) }))
                }
            }
        }
        #expect(dropped > 0)
        #expect(numbers == numbers.sorted())
        #expect(Set(numbers).count == numbers.count)

        // There is room again.
        writer.append(line("after").span)
        #expect(try pipe.lines(1) == ["after"])
        writer.close()
        #expect(writer.droppedCount == Int64(dropped))
        // What is too late counts, too.
        writer.append(line("late").span)
        #expect(writer.droppedCount == Int64(dropped) + 1)
    }

    @Test("a line that is longer than the buffer is dropped and the next one is written")
    func longLine() throws {
        let pipe = try TestPipe()
        let writer = try LogWriter(descriptor: pipe.writing, bytesMax: 100, delay: .zero)
        writer.append(line(String(repeating: "x", count: 100)).span)
        writer.append(line("short").span)
        writer.flush()
        #expect(try pipe.lines(2) == ["short", #"{"level":"warning","msg":"log_lines_dropped","count":1}"#])
        writer.close()
    }

    @Test("close writes what waits, though it would be gathered for longer; lines appended later are dropped")
    func close() throws {
        let pipe = try TestPipe()
        let writer = try LogWriter(descriptor: pipe.writing, delay: .milliseconds(50))
        writer.append(line("last").span)
        writer.close()
        #expect(pipe.waiting == 5)
        writer.append(line("too late").span)
        writer.flush()
        writer.close()
        #expect(pipe.waiting == 5)
        #expect(try pipe.lines(1) == ["last"])
    }

    @Test("after close the writer leaves its descriptor alone, which may be another one by then")
    func afterClose() throws {
        let pipe = try TestPipe()
        for _ in 0..<300 {
            let writer = try LogWriter(descriptor: pipe.writing, delay: .zero)
            writer.append(line("in time").span)
            writer.close()
            // Dropped and counted, and the count must not be written any more.
            writer.append(line("too late").span)
        }
        let written = try pipe.lines(300)
        #expect(written == [String](repeating: "in time", count: 300))
        #expect(pipe.waiting == 0)
    }

    @Test("a closed reader ends neither the process nor the writer")
    func closedReader() async {
        await #expect(processExitsWith: .success) {
            let pipe = try TestPipe()
            let writer = try LogWriter(descriptor: pipe.writing)
            pipe.closeReader()
            for _ in 0..<3 {
                writer.append(Array("nobody reads this\n".utf8).span)
                writer.flush()
            }
            writer.close()
        }
    }

    @Test("on a full disk lines are whole or absent, and those that are absent are counted when there is room again")
    func fullDisk() async {
        await #expect(processExitsWith: .success) {
            // A limit on the file's size takes part of a line and then nothing, as a disk does that gets full.
            signal(SIGXFSZ, SIG_IGN)
            let folder = try TemporaryFolder()
            let path = folder.file("log")
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            let writer = try LogWriter(descriptor: descriptor, delay: .zero)
            func limit(_ bytes: UInt) {
                var limit = rlimit(rlim_cur: bytes, rlim_max: rlim_t.max)
                setrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit)
            }
            var next = 0
            func append(_ count: Int) {
                for _ in 0..<count {
                    writer.append(Array("line \(next)\n".utf8).span)
                    next += 1
                    if next % 7 == 0 { writer.flush() }
                }
                writer.flush()
            }
            // Each line is 7 bytes long: the first limit falls into the sixth, the second into one that comes later.
            limit(38)
            append(10)
            limit(91)
            append(100)
            limit(rlim_t.max)
            append(3)
            writer.close()

            var kept: [Int] = []
            var dropped = 0
            for text in String(decoding: try folder.read("log"), as: UTF8.self).split(separator: "\n") {
                if text.hasPrefix("{") {
                    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                    #expect(object?["msg"] as? String == "log_lines_dropped")
                    dropped += try #require(object?["count"] as? Int)
                } else {
                    #expect(text.hasPrefix("line "))
                    kept.append(try #require(Int(text.dropFirst(5))))
                }
            }
            #expect(dropped > 0)
            #expect(kept.count + dropped == next)
            #expect(kept == Set(kept).sorted())
            #expect(kept.starts(with: 0...5))
            #expect(kept.suffix(3) == [110, 111, 112])
            Glibc.close(descriptor)
            if kept.count + dropped != next || !kept.starts(with: 0...5) { exit(1) }
        }
    }

    @Test("flushes of several threads all return")
    func flushes() throws {
        let pipe = try TestPipe()
        let writer = try LogWriter(descriptor: pipe.writing)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<20 {
                writer.append(Array("\(thread)\n".utf8).span)
                writer.flush()
            }
        }
        #expect(try pipe.lines(160).count == 160)
        writer.close()
    }
}
