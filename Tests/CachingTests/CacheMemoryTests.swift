import Foundation
import Testing
import Vocabulary

@testable import Caching

/// Measures the memory of a process of its own: tests on other threads would be in the count otherwise.
@Suite("Memory of the cache")
struct CacheMemoryTests {
    @Test("an entry with one alias takes at most 400 bytes beside its body, and as much as is counted")
    func perEntry() async {
        await #expect(processExitsWith: .success) {
            let count = 40_000
            let bodyBytes = 320
            let cache = ResultCache(bytesMax: 1 << 30)
            let before = takenBytes()
            for number in 0..<UInt64(count) {
                let next = result(key(number), bodyBytes: bodyBytes)
                cache.insert(next)
                cache.remember(alias: fingerprint(number + 1_000_000_000), for: next)
            }
            let taken = takenBytes() - before
            let perEntry = taken / count - bodyBytes
            let counted = cache.statistics.bytes / count - bodyBytes
            print("bytes per entry beside the body: \(perEntry) taken, \(counted) counted")
            precondition(cache.statistics.entries == count && cache.statistics.aliases == count)
            precondition(perEntry <= 400, "\(perEntry) bytes")
            precondition(abs(perEntry - counted) * 100 <= perEntry * 15, "\(perEntry) taken, \(counted) counted")
        }
    }
}

/// What the process takes: by the sanitizer's own count of allocated bytes if there is one, since most of such a
/// process is the sanitizer's; else the second number of proc(5) `statm`, in pages.
private func takenBytes() -> Int {
    if let count = dlsym(nil, "__sanitizer_get_current_allocated_bytes") {
        return unsafeBitCast(count, to: (@convention(c) () -> Int).self)()
    }
    let text = try! String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return Int(text.split(separator: " ")[1])! * Int(sysconf(Int32(_SC_PAGESIZE)))
}
