public import Budgeting
public import Reporting
public import Vocabulary

extension Store: InsightStore {
    public func insights(
        over range: Range<ReservationID>,
        team: TeamID?,
        then: @escaping @Sendable (Result<InsightReport, StoreFault>) -> Void
    ) {
        sum(RepeatSums(), over: range, from: range.lowerBound, team, then)
    }

    /// Adds up one slice after the other; between them other lists have their turn.
    private func sum(
        _ sums: RepeatSums,
        over range: Range<ReservationID>,
        from start: ReservationID,
        _ team: TeamID?,
        _ then: @escaping @Sendable (Result<InsightReport, StoreFault>) -> Void
    ) {
        list { connection -> RepeatProgress in
            var sums = sums
            let next = try RepeatTable.add(from: start, to: range.upperBound, team: team, to: &sums, on: connection)
            if let next { return .summed(sums, next: next) }
            return .done(try RepeatTable.report(sums, over: range, on: connection))
        } then: { [weak self] result in
            switch result {
            case .success(.done(let report)): then(.success(report))
            case .success(.summed(let sums, let next)):
                guard let self else {
                    return then(.failure(StoreFault(code: .unavailable, detail: "the store is closed")))
                }
                sum(sums, over: range, from: next, team, then)
            case .failure(let fault): then(.failure(fault))
            }
        }
    }
}

private enum RepeatProgress: Sendable {
    case summed(RepeatSums, next: ReservationID)
    case done(InsightReport)
}
