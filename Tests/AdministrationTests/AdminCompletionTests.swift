import Testing

@testable import Administration

@Suite("The answer to a request")
struct AdminCompletionTests {
    @Test("a handler that answers twice is a bug of ours")
    func twice() async {
        await #expect(processExitsWith: .failure) {
            let completion = AdminCompletion { _ in }
            completion.give(.noContent)
            completion.give(.noContent)
        }
    }

    @Test("the first answer is taken")
    func once() {
        var statuses: [Int] = []
        let completion = AdminCompletion { statuses.append($0.status) }
        completion.give(.noContent)
        #expect(statuses == [204])
    }
}
