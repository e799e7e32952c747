import Testing

@testable import Gateway

@Suite("A share of the hits has a line")
struct LogSampleTests {
    @Test(
        "as many are taken as the share says, evenly",
        arguments: [
            (Int64(0), 0), (1, 1), (250_000, 250_000), (333_333, 333_333), (999_999, 999_999), (1_000_000, 1_000_000),
        ]
    )
    func share(ofMillion share: Int64, expected: Int) {
        var sample = LogSample()
        var taken = 0
        for number in 1...1_000_000 {
            if sample.takesNext(ofMillion: share) { taken += 1 }
            // Never more than one off at any time.
            let due = Int64(number) * share / 1_000_000
            if Int64(taken) != due { Issue.record("\(taken) of \(number), not \(due)"); break }
        }
        #expect(taken == expected)
    }

    @Test("a share that changes takes effect at once")
    func changes() {
        var sample = LogSample()
        let taken = [0, 0, 0, LogSample.all, 500_000, 500_000, 0, 1].map { sample.takesNext(ofMillion: $0) }
        #expect(taken == [false, false, false, true, false, true, false, false])
    }
}
