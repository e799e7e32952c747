import Foundation
import Testing
import Vocabulary

@testable import Caching

/// Measures the resident memory of a process of its own: tests on other threads would be in the count otherwise.
@Suite("Memory of the cache")
struct CacheMemoryTests {
    /// A sanitizer's own memory would be measured with the cache's.
    private static let isSanitized = dlsym(nil, "__tsan_init") != nil || dlsym(nil, "__asan_init") != nil

    @Test(
        "an entry with one alias takes at most 400 bytes beside its body, and as much as is counted",
        .disabled(if: isSanitized)
    )
    func perEntry() async {
        await #expect(processExitsWith: .success) {
            let count = 40_000
            let bodyBytes = 320
            let cache = ResultCache(bytesMax: 1 << 30)
            let before = residentBytes()
            for number in 0..<UInt64(count) {
                let next = result(key(number), bodyBytes: bodyBytes)
                cache.insert(next)
                cache.remember(alias: fingerprint(number + 1_000_000_000), for: next)
            }
            let taken = residentBytes() - before
            let perEntry = taken / count - bodyBytes
            let counted = cache.statistics.bytes / count - bodyBytes
            print("bytes per entry beside the body: \(perEntry) taken, \(counted) counted")
            precondition(cache.statistics.entries == count && cache.statistics.aliases == count)
            precondition(perEntry <= 400, "\(perEntry) bytes")
            precondition(abs(perEntry - counted) * 100 <= perEntry * 15, "\(perEntry) taken, \(counted) counted")
        }
    }
}

/// The second number of proc(5) `statm`, in pages.
private func residentBytes() -> Int {
    let text = try! String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return Int(text.split(separator: " ")[1])! * Int(sysconf(Int32(_SC_PAGESIZE)))
}
