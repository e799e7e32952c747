import EventLoops
import Foundation
import TestSupport
import Testing

@Suite("ProcessMemory")
struct ProcessMemoryTests {
    @Test("pages of code that were touched are given back, and come back unchanged")
    func giveBackStart() async {
        // In a process of its own: other tests touch code all the time.
        await #expect(processExitsWith: .success) {
            let sums = try CodeMapping.all().map(\.sum)
            let touched = try CodeMapping.all().reduce(0) { $0 + $1.residentKilobytes }
            ProcessMemory.giveBackStart()
            let left = try CodeMapping.all().reduce(0) { $0 + $1.residentKilobytes }
            #expect(left < touched / 2, "\(left) of \(touched) KiB")
            #expect(try CodeMapping.all().map(\.sum) == sums)
        }
    }
}

/// A mapping of the code in a file, as proc(5) `smaps` describes it.
private struct CodeMapping {
    private let start: UInt
    private let byteCount: Int
    private(set) var residentKilobytes = 0

    static func all() throws -> [CodeMapping] {
        var found: [CodeMapping] = []
        var isCode = false
        // A file of proc(5) has no size: what reads as much as a file has gets its first 4 KiB alone.
        guard let content = try FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd() else { return [] }
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if !words[0].hasSuffix(":") {
                let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
                isCode = words[1] == "r-xp" && words.count > 5 && words[5].hasPrefix("/")
                if isCode { found.append(CodeMapping(start: ends[0], byteCount: Int(ends[1] - ends[0]))) }
            } else if isCode, words[0] == "Rss:" {
                found[found.count - 1].residentKilobytes = Int(words[1]) ?? 0
            }
        }
        return found
    }

    /// Touches each page.
    var sum: UInt64 {
        let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: start), count: byteCount)
        return stride(from: 0, to: byteCount, by: 64).reduce(0) { $0 &* 31 &+ UInt64(bytes[$1]) }
    }
}
