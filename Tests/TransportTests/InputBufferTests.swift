import TestSupport
import Testing

@testable import Transport

@Suite("InputBuffer")
struct InputBufferTests {
    /// A buffer beside the scratch memory that a loop would lend it. Confined to its test.
    private final class Bench {
        let input = InputBuffer()
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 64)

        deinit { scratch.deallocate() }

        /// As one wake-up does it: read, call back, settle. Returns how many bytes there was room for.
        @discardableResult
        func receive(_ bytes: [UInt8], scratchIsLent: Bool = false, _ callback: (InputBuffer) -> Void = { _ in }) -> Int
        {
            var taken = 0
            let result = input.fill(scratch: scratchIsLent ? nil : scratch) { room in
                taken = min(bytes.count, room.count)
                room.copyBytes(from: bytes[..<taken])
                return .bytes(taken)
            }
            #expect(result == .bytes(taken))
            callback(input)
            input.settle()
            // The one that gets the scratch memory next writes into it.
            _ = scratch.initializeMemory(as: UInt8.self, repeating: 0xEE)
            return taken
        }

        var bytes: [UInt8] { input.withBytes { span in span.withUnsafeBytes { Array($0) } } }
    }

    @Test("what is consumed in the callback costs no memory of the buffer's own")
    func consumedAtOnce() {
        let bench = Bench()
        bench.receive([1, 2, 3]) { input in
            #expect(input.count == 3)
            input.consume(3)
            #expect(input.isEmpty)
        }
        #expect(bench.input.ownCapacity == 0)
        #expect(bench.bytes.isEmpty)
    }

    @Test("what is left over is kept when the scratch memory is used by others, and later bytes come behind it")
    func kept() {
        let bench = Bench()
        bench.receive([1, 2, 3]) { $0.consume(1) }
        #expect(bench.bytes == [2, 3])
        bench.receive([4, 5])
        #expect(bench.bytes == [2, 3, 4, 5])
        bench.input.consume(3)
        #expect(bench.bytes == [5])
    }

    @Test("a few bytes that are kept take a few bytes of memory")
    func keepsLittle() {
        let bench = Bench()
        bench.receive([UInt8](repeating: 1, count: 60_000)) { $0.consume(59_990) }
        #expect(bench.input.count == 10)
        #expect(bench.input.ownCapacity <= 1_024)
    }

    @Test("memory is given back when all is consumed, in a callback or after it")
    func givenBack() {
        let bench = Bench()
        bench.receive([1, 2, 3])
        #expect(bench.input.ownCapacity > 0)
        bench.receive([4]) { $0.consume(4) }
        #expect(bench.input.ownCapacity == 0)

        bench.receive([1, 2, 3])
        bench.input.consume(1)
        #expect(bench.input.ownCapacity > 0)
        bench.input.consume(2)
        #expect(bench.input.ownCapacity == 0)
    }

    @Test("grows to hold any amount, in steps that are large enough to read well into")
    func grows() {
        let bench = Bench()
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        var sent = 0
        var reads = 0
        while sent < bytes.count {
            sent += bench.receive(Array(bytes[sent...]))
            reads += 1
        }
        expectEqual(bench.bytes, bytes)
        #expect(reads < 30)
        #expect(bench.input.ownCapacity < 3_000_000)
    }

    @Test("a stream of small messages, of which the last is never whole, does not grow")
    func staysSmall() {
        let bench = Bench()
        for _ in 0..<1_000 {
            bench.receive([UInt8](repeating: 1, count: 5_000)) { $0.consume($0.count - 100) }
        }
        #expect(bench.input.ownCapacity <= 64 * 1024)
    }

    @Test("a read without bytes changes nothing", arguments: [.wouldBlock, .end, .failed(5)] as [TransferResult])
    func noBytes(result: TransferResult) {
        let bench = Bench()
        #expect(bench.input.fill(scratch: bench.scratch) { _ in result } == result)
        #expect(bench.input.fill(scratch: nil) { _ in result } == result)
        #expect(bench.input.isEmpty)
        #expect(bench.input.ownCapacity == 0)
        bench.receive([1, 2])
        #expect(bench.input.fill(scratch: bench.scratch) { _ in result } == result)
        #expect(bench.bytes == [1, 2])
    }

    @Test("while the scratch memory is lent, it is not touched")
    func lent() {
        let bench = Bench()
        let other = Bench()
        bench.receive([1, 2, 3]) { input in
            // Another connection's bytes are looked up from within this one's callback.
            other.receive([9, 9, 9, 9], scratchIsLent: true)
            #expect(input.withBytes { [$0[0], $0[1], $0[2]] } == [1, 2, 3])
        }
        #expect(other.bytes == [9, 9, 9, 9])
    }

    @Test("consuming more than there is traps")
    func tooMuch() async {
        await #expect(processExitsWith: .failure) {
            let input = InputBuffer()
            input.consume(1)
        }
    }

    @Test("behaves as a plain array whatever comes and goes")
    func model() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        let pattern = Wire.random(80_000)
        for _ in 0..<20 {
            let bench = Bench()
            var model: [UInt8] = []
            for step in 0..<100 {
                let limit = [1, 100, 5_000, 70_000].randomElement(using: &generator)!
                let start = Int.random(in: 0..<10_000, using: &generator)
                let bytes = Array(pattern[start..<(start + Int.random(in: 1...limit, using: &generator))])
                let share = Int.random(in: 0...4, using: &generator)
                let isLent = Int.random(in: 0..<4, using: &generator) == 0
                var consumed = 0
                let taken = bench.receive(bytes, scratchIsLent: isLent) { input in
                    consumed = share == 4 ? input.count : input.count * share / 4
                    input.consume(consumed)
                }
                model += bytes[..<taken]
                model.removeFirst(consumed)
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    let count = Int.random(in: 0...model.count, using: &generator)
                    bench.input.consume(count)
                    model.removeFirst(count)
                }
                guard bench.bytes == model, bench.input.count == model.count else {
                    Issue.record("seed \(seed), step \(step)")
                    return
                }
                #expect(!model.isEmpty || bench.input.ownCapacity == 0, "seed \(seed), step \(step)")
            }
        }
    }

    @Test("what is kept is taken from the account, and no more than a KiB beyond it when it comes byte by byte")
    func account() {
        let account = CountingAccount(bytesMax: 1 << 20)
        do {
            let bench = Bench()
            bench.input.account = account
            bench.receive([UInt8](repeating: 1, count: 60_000)) { $0.consume(60_000) }
            #expect(account.highest == 0)
            for _ in 0..<700 { bench.receive([1]) }
            #expect(account.taken == 1_024)
            bench.receive([UInt8](repeating: 1, count: 5_000))
            #expect(account.taken == bench.input.ownCapacity)
            #expect(account.taken < 7_000)
            // Nearly all is consumed: the memory goes back before the rest does.
            bench.receive([UInt8](repeating: 1, count: 60_000)) { $0.consume($0.count - 10) }
            #expect(account.taken == 1_024)
        }
        #expect(account.taken == 0)
    }

    @Test("without room what came is dropped, and nothing stays taken", arguments: [false, true])
    func noRoom(scratchIsLent: Bool) {
        let bench = Bench()
        let account = CountingAccount(bytesMax: 0)
        bench.input.account = account
        let result = bench.input.fill(scratch: scratchIsLent ? nil : bench.scratch) { room in
            room.copyBytes(from: [1, 2, 3])
            return .bytes(3)
        }
        if scratchIsLent {
            #expect(result == nil)
        } else {
            #expect(result == .bytes(3))
            #expect(!bench.input.settle())
            #expect(bench.bytes == [1, 2, 3])
        }
        bench.input.removeAll()
        #expect(bench.input.isEmpty)
        account.bytesMax = 1_024
        bench.receive([1])
        #expect(bench.input.fill(scratch: bench.scratch) { _ in .bytes(2_000) } == nil)
        #expect(bench.bytes == [1])
        bench.input.removeAll()
        #expect(bench.input.isEmpty)
        #expect(account.taken == 0)
    }
}
