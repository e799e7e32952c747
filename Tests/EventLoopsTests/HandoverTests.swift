import EventLoops
import Testing

@Suite("Handover")
struct HandoverTests {
    @Test("gives a value that comes before it is asked for")
    func before() {
        let handover = Handover<[Int]>()
        handover.give([1, 2])
        #expect(handover.take() == [1, 2])
    }

    @Test("waits for a value that another thread gives")
    func waits() throws {
        for number in 0..<200 {
            let (question, answer) = (Handover<Int>(), Handover<Int>())
            let thread = try SystemThread.start(name: "answering") { answer.give(question.take() + 1) }
            question.give(number)
            #expect(answer.take() == number + 1)
            thread.join()
        }
    }
}
