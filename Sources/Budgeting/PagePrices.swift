import Vocabulary

/// What a page costs with each model, as replies have told. Pure.
struct PagePrices {
    /// Further models are estimated from the plan; a vendor has a handful.
    private static let modelsMax = 1_000
    /// So that no estimate is nothing (L9).
    private static let least: Int128 = 1
    private static let oneCredit = MicroCredits(micros: 1_000_000)

    private var rates: [String: PageRate] = [:]

    init(_ rates: [String: PageRate]) {
        for (model, rate) in rates { learn(rate, of: model) }
    }

    /// The newest rate counts. One of nothing is not learned: what was free once need not be so again, and estimates of
    /// nothing would pass a budget that is spent.
    mutating func learn(_ rate: PageRate, of model: String) {
        guard rate.credits > .zero, rates[model] != nil || rates.count < Self.modelsMax else { return }
        rates[model] = rate
    }

    /// What the ask is supposed to cost: at least a millionth, at most `MicroCredits.maximum`, rounded up.
    func estimate(_ ask: ReservationAsk, by plan: BudgetPlan) -> MicroCredits {
        let pages = Int128(max(ask.pages ?? plan.assumedPages, 1))
        let micros: Int128
        if let rate = rates[ask.model] {
            micros = (Int128(rate.credits.micros) * pages + Int128(rate.pages - 1)) / Int128(rate.pages)
        } else {
            let price = plan.creditsPerPage[ask.model] ?? plan.creditsPerPage.values.max() ?? Self.oneCredit
            micros = price.booked * pages
        }
        return MicroCredits(clamping: min(max(micros, Self.least), Int128(MicroCredits.maximum.micros)))
    }
}
