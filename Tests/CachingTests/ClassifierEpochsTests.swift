import Testing
import Vocabulary

@testable import Caching

@Suite("Epochs of saved classifiers")
struct ClassifierEpochsTests {
    private func classifier(_ identifier: String, account: String = "default") -> ClassifierKey {
        ClassifierKey(account: AccountID(rawValue: account), folding: identifier)
    }

    /// A change whose call has ended.
    private func change(_ epochs: ClassifierEpochs, _ classifier: ClassifierKey) {
        epochs.began(epochs.begin(classifier))
        _ = epochs.end(classifier)
    }

    @Test("E1: the epoch rises when a change is durable, and again when its call has ended")
    func rises() {
        let epochs = ClassifierEpochs()
        let (one, other) = (classifier("a"), classifier("b"))
        let change = epochs.begin(one)
        #expect(change == ClassifierChange(one, epoch: 1, isUnderWay: true, floor: 0))
        #expect(epochs.epoch(of: one) == 0, "not before it is durable")
        epochs.began(change)
        #expect(epochs.epoch(of: one) == 1)
        #expect(epochs.end(one) == ClassifierChange(one, epoch: 2, isUnderWay: false, floor: 0))
        #expect(epochs.epoch(of: one) == 2 && epochs.epoch(of: other) == 0)
        #expect(epochs.epoch(of: classifier("a", account: "second")) == 0)
        #expect(epochs.epoch(of: classifier("A")) == 2, "letter case makes no difference")
    }

    @Test("a change that did not become durable changes nothing, and its number is not given again")
    func withdrawn() {
        let epochs = ClassifierEpochs()
        epochs.withdraw(epochs.begin(classifier("a")))
        #expect(epochs.epoch(of: classifier("a")) == 0)
        #expect(epochs.begin(classifier("a")).epoch == 2)
    }

    @Test("of two changes at a time the first to end says that one is under way; a late answer lowers nothing")
    func overlapping() {
        let epochs = ClassifierEpochs()
        let one = classifier("a")
        let first = epochs.begin(one)
        let second = epochs.begin(one)
        epochs.began(second)
        #expect(epochs.epoch(of: one) == 2)
        epochs.began(first)
        #expect(epochs.epoch(of: one) == 2)
        #expect(epochs.end(one).isUnderWay)
        #expect(!epochs.end(one).isUnderWay)
        #expect(epochs.epoch(of: one) == 4)
    }

    @Test("E4: no two nodes give the same number, and what another one gave counts if it is greater")
    func nodes() {
        let one = classifier("a")
        let (first, second) = (ClassifierEpochs(node: 0), ClassifierEpochs(node: 1_023))
        #expect(first.begin(one).epoch == 1_024 && second.begin(one).epoch == 1_023)
        #expect(second.begin(one).epoch == 2_047)
        first.note(epoch: 2_047, of: one)
        #expect(first.epoch(of: one) == 2_047)
        first.note(epoch: 1_023, of: one)
        #expect(first.epoch(of: one) == 2_047)
        #expect(first.end(one).epoch == 2_048, "behind what it heard of")
        first.note(epoch: 5_000, of: classifier("b"))
        #expect(first.epoch(of: classifier("b")) == 5_000 && first.epoch(of: one) == 2_048)
        first.note(epoch: .max, of: classifier("b"))
        #expect(first.begin(one).epoch == .max, "it ends at the greatest number")
    }

    @Test("E2: numbers go on above what the store has")
    func restored() {
        let record = ClassifierRecord(epochs: [classifier("a"): 7, classifier("b"): 5], floor: 6)
        let epochs = ClassifierEpochs(record)
        #expect(epochs.epoch(of: classifier("a")) == 7 && epochs.epoch(of: classifier("b")) == 5)
        #expect(epochs.epoch(of: classifier("c")) == 6)
        #expect(epochs.begin(classifier("c")).epoch == 8)
        #expect(ClassifierEpochs(ClassifierRecord(floor: 9)).begin(classifier("c")).epoch == 10)
    }

    @Test("E3: only so many have a number of their own, and no epoch ever goes back")
    func bounded() {
        let epochs = ClassifierEpochs(ClassifierRecord(), countMax: 8)
        let held = classifier("held")
        let change = epochs.begin(held)
        epochs.began(change)
        var known: [ClassifierKey: Int64] = [:]
        for number in 0..<1_000 {
            let next = classifier("c\(number % 100)")
            self.change(epochs, next)
            known[next] = epochs.epoch(of: next)
            for (classifier, epoch) in known {
                #expect(epochs.epoch(of: classifier) >= epoch)
                known[classifier] = epochs.epoch(of: classifier)
            }
            #expect(epochs.count <= 8)
        }
        #expect(epochs.epoch(of: held) == change.epoch, "one with a change under way is not forgotten")
        _ = epochs.end(held)
        #expect(epochs.epoch(of: held) > known.values.max()!)
    }

    @Test("what changed is told apart from what did not while there is room")
    func exactWithinBounds() {
        let epochs = ClassifierEpochs()
        for number in 0..<1_000 { change(epochs, classifier("c\(number)")) }
        #expect(epochs.epoch(of: classifier("other")) == 0)
    }

    @Test("a purge of a classifier concerns its results in memory, and no others")
    func inMemory() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let mine = classifier("A-Classifier-Of-36-Bytes-And-More-00")
        #expect(!cache.hasResultsOfClassifiers)
        cache.insert(result(key(1), classifier: mine.classifierID))
        cache.insert(result(key(2), classifier: "other"))
        cache.insert(result(key(3)))
        #expect(cache.hasResultsOfClassifiers)
        let asked = StampedResult(result(key(4), classifier: mine.classifierID), asked: cache.purges.stamp())
        cache.purges.note(.classifier(mine))
        cache.remove(.classifier(mine))
        #expect([1, 2, 3].map { cache.find(key($0)) != nil } == [false, true, true])
        cache.insert(asked)
        #expect(cache.find(key(4)) == nil, "what was asked before is not kept after")
        cache.remove([classifier("other")])
        #expect(!cache.hasResultsOfClassifiers && cache.find(key(3)) != nil)
        cache.insert(result(key(5), classifier: "other"))
        cache.remove(.all)
        #expect(!cache.hasResultsOfClassifiers)
    }
}
