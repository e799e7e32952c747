import Testing

@testable import PostgreSQL

@Suite("The share of time of an attempt")
struct ShareOfTimeTests {
    @Test(
        "what is left is divided among the attempts, within the limit of each",
        arguments: [
            (.seconds(6), 3, nil, .seconds(2)), (.seconds(6), 3, .seconds(1), .seconds(1)),
            (.seconds(6), 1, nil, .seconds(6)), (.seconds(60), 1, .seconds(5), .seconds(5)),
            (.seconds(6), 0, nil, .seconds(6)), (.zero, 2, .seconds(1), .zero),
            (.seconds(-2), 2, .seconds(1), .seconds(-1)),
        ] as [(Duration, Int, Duration?, Duration)]
    )
    func shares(_ left: Duration, _ attempts: Int, _ atMost: Duration?, _ share: Duration) {
        #expect(ShareOfTime.of(left, attempts: attempts, atMost: atMost) == share)
    }
}
