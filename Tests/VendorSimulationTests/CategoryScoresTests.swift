import Testing

@testable import VendorSimulation

@Suite("Scores of categories")
struct CategoryScoresTests {
    private let invoice = ClassifyQuestion.Category(label: "invoice", description: "requesting payment")
    private let contract = ClassifyQuestion.Category(label: "contract", description: "a binding agreement")
    private let other = ClassifyQuestion.Category(label: "other", description: "anything else")

    @Test("the category with the document's words is best", arguments: [(DocumentKind.invoice, 0), (.contract, 1)])
    func keywords(kind: DocumentKind, best: Int) {
        let scores = CategoryScores([invoice, contract, other], documentID: TestCalls.document, kind: kind)
        #expect(scores.best == best)
        #expect(scores.shares[best] == scores.shares.max())
    }

    @Test("the order of the categories does not matter")
    func order() {
        for number in 0..<100 {
            let id = "document-\(number)"
            let one = CategoryScores([invoice, contract, other], documentID: id, kind: .letter)
            let two = CategoryScores([other, invoice, contract], documentID: id, kind: .letter)
            #expect([invoice, contract, other][one.best] == [other, invoice, contract][two.best])
            #expect(one.shares == [two.shares[1], two.shares[2], two.shares[0]])
        }
    }

    @Test("the shares add up to one exactly, with 2 categories and with 300")
    func sum() {
        let many = (0..<300).map { ClassifyQuestion.Category(label: "label \($0)", description: "") }
        for categories in [[invoice, contract], many] {
            let scores = CategoryScores(categories, documentID: TestCalls.document, kind: .report)
            #expect(scores.shares.reduce(0, +) == 10_000)
            #expect(scores.shares.allSatisfy { $0 >= 0 })
        }
    }

    @Test(
        "a share is written as a decimal number",
        arguments: [(9_312, "0.9312"), (500, "0.05"), (0, "0.0"), (10_000, "1.0"), (7, "0.0007")]
    )
    func text(share: Int, expected: String) { #expect(CategoryScores.text(ofShare: share) == expected) }
}
