import Testing
import Vocabulary

@testable import Storage

@Suite("What the rows of nodes mean")
struct NodeSurveyTests {
    private func row(
        _ number: Int,
        _ state: NodeRecord.State = .live,
        left: Int64 = 9_000_000,
        digest: UInt64 = 1
    ) -> NodeSurvey.Row {
        let record = NodeRecord(
            number: number,
            name: "n\(number)",
            address: "a",
            version: "1",
            state: state,
            startedAt: Timestamp(seconds: 1),
            leaseLeft: .zero,
            configurationDigest: Digest(digest, 0, 0, 0)
        )
        return NodeSurvey.Row(record: record, incarnation: 7, leaseLeft: left)
    }

    private func overdue(_ rows: NodeSurvey.Row...) -> Int? {
        NodeSurvey(rows: rows, number: 1).overdue?.record.number
    }

    @Test("a live node is dead once its lease is over, longest over first, and never the one that looks")
    func overdue() {
        #expect(overdue(row(1), row(2), row(3, left: 0)) == nil)
        #expect(overdue(row(1), row(2, left: -1), row(3, left: -2), row(4, .leaving, left: -3)) == 4)
        #expect(overdue(row(1), row(2, left: -2), row(3, left: -2)) == 2)
        #expect(overdue(row(1, left: .min), row(2)) == nil)
        #expect(overdue(row(1), row(2, .dead, left: .min)) == nil)
    }

    @Test("a node that has not seen the database for a while lets a lease pass before it declares others dead")
    func judge() {
        func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: 1_000_000_000 * (100 + seconds)) }
        var judge = NodeJudge(joinedAt: at(0))
        #expect([2, 4, 9].map { judge.look(at: at($0)) } == [true, true, true])
        #expect([15, 17, 22, 24].map { judge.look(at: at($0)) } == [false, false, false, false])
        #expect([25, 27].map { judge.look(at: at($0)) } == [true, true])
        // Away again while it waits: it waits anew.
        #expect([40, 46, 55, 56].map { judge.look(at: at($0)) } == [false, false, false, false])
    }

    @Test("a node is alone when no other lives, whatever its lease")
    func alone() {
        #expect(NodeSurvey(rows: [row(1), row(2, .dead)], number: 1).isAlone)
        #expect(!NodeSurvey(rows: [row(1), row(2, left: -5)], number: 1).isAlone)
    }

    private func words(_ news: [NodeNews]) -> [String] {
        news.map { news in
            switch news {
            case .dead(let node): "dead \(node.number)"
            case .unconfirmed(let count, let node): "\(count) of \(node)"
            case .differs(let node): "differs \(node.number)"
            case .clockWrong(let lead): "clock \(lead)"
            case .clockRight: "clock right"
            case .schemaUnknown(let needed): "schema \(needed)"
            case .schemaKnown: "schema known"
            }
        }
    }

    @Test("a configuration that differs is told once, and again when it was changed, or was the same meanwhile")
    func differs() {
        var gazette = NodeGazette()
        func look(_ rows: NodeSurvey.Row..., own: UInt64 = 1) -> [String] {
            let survey = NodeSurvey(rows: rows, number: 1)
            return words(
                gazette.news(survey, digest: Digest(own, 0, 0, 0), clockError: nil, unknownSchema: nil)
            )
        }
        #expect(look(row(1), row(2), row(3, .dead, digest: 9)) == [])
        #expect(look(row(1), row(2, digest: 2), row(3, digest: 3)) == ["differs 2", "differs 3"])
        #expect(look(row(1), row(2, digest: 2), row(3, digest: 3)) == [])
        #expect(look(row(1), row(2, digest: 4), row(3)) == ["differs 2"])
        #expect(look(row(1), row(2), row(3, digest: 3)) == ["differs 3"])
        // What the others are told of this one may be older.
        #expect(look(row(1), row(2, digest: 4), row(3, digest: 3), own: 4) == [])
        #expect(look(row(1), row(2, digest: 4), own: 1) == ["differs 2"])
    }

    @Test("a clock that is wrong is told once, and once that it is right again")
    func clock() {
        var gazette = NodeGazette()
        func look(_ error: Duration?) -> [String] {
            let survey = NodeSurvey(rows: [], number: 1)
            return words(gazette.news(survey, digest: nil, clockError: error, unknownSchema: nil))
        }
        #expect(look(nil) == [])
        #expect(look(.seconds(6)) == ["clock 6.0 seconds"])
        #expect(look(.seconds(7)) == [])
        #expect(look(nil) == ["clock right"])
        #expect(look(nil) == [])
    }

    @Test("a schema that this program does not know is told once, and once that it is known again")
    func schema() {
        var gazette = NodeGazette()
        func look(_ needed: Int64?) -> [String] {
            let survey = NodeSurvey(rows: [], number: 1)
            return words(gazette.news(survey, digest: nil, clockError: nil, unknownSchema: needed))
        }
        #expect(look(nil) == [])
        #expect(look(9) == ["schema 9"])
        #expect(look(10) == [])
        #expect(look(nil) == ["schema known"])
        #expect(look(nil) == [])
    }
}
