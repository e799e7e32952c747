import TestSupport
import Testing

@testable import Transport

@Suite("OutputQueue")
struct OutputQueueTests {
    @Test("hands out what was appended, in order, whatever portions are taken")
    func model() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        var queue = OutputQueue()
        var (appended, written): ([UInt8], [UInt8]) = ([], [])
        var next: UInt8 = 0
        for _ in 0..<5_000 {
            if queue.isEmpty || Int.random(in: 0..<3, using: &generator) > 0 {
                let bytes = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                    next &+= 1
                    return next
                }
                let sent = Int.random(in: 0...bytes.count, using: &generator)
                if Bool.random(using: &generator) {
                    queue.append(bytes, sent: sent)
                } else {
                    bytes.withUnsafeBytes { queue.append(copying: $0, sent: sent) }
                }
                appended += bytes[sent...]
            }
            if !queue.isEmpty {
                let result = queue.writeFront { bytes in
                    #expect(!bytes.isEmpty, "seed \(seed)")
                    let count = Int.random(in: 1...bytes.count, using: &generator)
                    written += bytes[..<count]
                    return .bytes(count)
                }
                #expect(result != .bytes(0), "seed \(seed)")
            }
            #expect(queue.byteCount == appended.count - written.count, "seed \(seed)")
        }
        while !queue.isEmpty {
            _ = queue.writeFront { bytes in
                written += bytes
                return .bytes(bytes.count)
            }
        }
        #expect(written == appended, "seed \(seed)")
    }

    @Test(
        "a write that takes nothing leaves the queue as it is",
        arguments: [.wouldBlock, .failed(32)] as [TransferResult]
    )
    func nothingTaken(result: TransferResult) {
        var queue = OutputQueue()
        queue.append([1, 2, 3], sent: 1)
        for _ in 0..<2 {
            let answer = queue.writeFront { bytes in
                #expect(Array(bytes) == [2, 3])
                return result
            }
            #expect(answer == result)
        }
        #expect(queue.byteCount == 2)
    }

    @Test("what was sent already, or is empty, is not queued")
    func nothingToQueue() {
        var queue = OutputQueue()
        queue.append([])
        queue.append([1, 2], sent: 2)
        [UInt8](repeating: 1, count: 3).withUnsafeBytes { queue.append(copying: $0, sent: 3) }
        #expect(queue.isEmpty)
    }

    @Test("removeAll forgets everything, and the queue can be used again")
    func removeAll() {
        var queue = OutputQueue()
        for number in 0..<100 { queue.append([UInt8(number)]) }
        _ = queue.writeFront { _ in .bytes(1) }
        queue.removeAll()
        #expect(queue.isEmpty)
        queue.append([7])
        _ = queue.writeFront { bytes in
            #expect(Array(bytes) == [7])
            return .bytes(1)
        }
        #expect(queue.isEmpty)
    }
}
