import Budgeting
import Vocabulary

@testable import Gateway

/// What clients do.
extension World {
    /// Far more than meet in a run; more would only wait.
    private static let askersMax = 40

    /// - Parameter part: of the run.
    func ask(_ part: Int) -> Bool {
        guard let process, !process.isLeaving, process.askers.count < Self.askersMax else { return false }
        let key = draw(Places.keys.count)
        // Few documents at a time, so that questions meet. The third team has documents of its own.
        let question = (part + draw(4)) % Places.questions.count
        counts.asked += 1
        let asker = Asker(
            process,
            number: nextAsker(),
            worker: draw(Process.workersCount),
            key: key,
            question: question,
            directives: Places.directives[draw(Places.directives.count)]
        )
        note("asker \(asker.number), \(Places.keys[key].id), asks question \(question) with \(asker.directives)")
        asker.begin()
        return true
    }

    func leave(_ choice: Int) -> Bool {
        guard let process, !process.askers.isEmpty else { return false }
        let numbers = process.askers.keys.sorted()
        process.askers[numbers[choice % numbers.count]]?.leave()
        return true
    }

    func moveNetwork(_ choice: Int) -> Bool {
        guard let process else { return false }
        let waiting = process.attempts.filter { $0.network != .nothing }
        guard !waiting.isEmpty else { return false }
        waiting[choice % waiting.count].networkAnswers(draw(16))
        return true
    }
}
