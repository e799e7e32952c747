import Cryptography
import Testing

@Suite("Random bytes")
struct RandomBytesTests {
    @Test("are as many as are asked for", arguments: [0, 1, 2, 31, 32, 33, 1_000, 100_000])
    func count(_ count: Int) { #expect(RandomBytes.make(count: count).count == count) }

    @Test("never come twice")
    func distinct() { #expect(Set((0..<2_000).map { _ in RandomBytes.make(count: 16) }).count == 2_000) }

    @Test("are of every value, at every place")
    func everyValue() {
        // That one of 256 values is missing among 100,000 bytes has a probability below 10^-167.
        #expect(Set(RandomBytes.make(count: 100_000)).count == 256)
        // That a place has one value 64 times has a probability of 2^-504.
        let samples = (0..<64).map { _ in RandomBytes.make(count: 32) }
        for place in 0..<32 { #expect(Set(samples.map { $0[place] }).count > 1) }
    }
}
