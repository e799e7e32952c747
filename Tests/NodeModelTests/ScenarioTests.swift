import Testing

/// Courses of events that random runs take too rarely, step by step.
@Suite("What happens between two nodes, step by step")
struct ScenarioTests {
    /// A change of a document begins on one node while another one admits a question about it, and the vendor is quick.
    private func change(during rules: Rules) -> World {
        var world = World(rules: rules, rates: [1_000, 1_000, 1_000])
        world.settle(0)
        world.settle(1)
        // The admission has everything but its COMMIT.
        world.must { $0.request(0, question: 0, key: 0, kind: .noCache) }
        world.must { $0.moveLookup(0, 0) }
        world.must { $0.moveLookup(0, 0) }
        world.roundTrip(0)
        world.roundTrip(0, leaving: 1)
        // The change looks for flights about its document, and finds none.
        world.carryOut(Decision(kind: .change, node: 1, choice: 0))
        if rules.has(.markerFirst) {
            world.roundTrip(1)
            world.roundTrip(1)
            world.must { $0.moveStoreThread(1, 0) }
        }
        world.roundTrip(1)
        // The question is admitted, asked and answered, and its ending reads the changes under way.
        world.serve(0)
        world.must { $0.moveStoreThread(0, 0) }
        world.must { $0.moveLoop(0, price: 2) }
        world.must { $0.moveVendor(1) }
        world.must { $0.moveVendor(1) }
        world.must { $0.moveLoop(0, price: 2) }
        world.roundTrip(0)
        // The change is committed, and goes to the vendor. Then the ending writes what it has decided.
        world.roundTrip(1)
        world.roundTrip(0)
        #expect(world.counts.calls == 1)
        return world
    }

    @Test("an answer is not stored in a change whose marker was committed before its purge")
    func markerFirst() {
        let world = change(during: Rules())
        #expect(world.violation == nil)
        #expect(world.database.results.isEmpty)
    }

    @Test("it is when the marker is committed with the purge")
    func markerWithPurge() {
        let world = change(during: .without(.markerFirst))
        #expect(world.violation?.invariant == .changedIsNotStored)
    }
}

extension World {
    /// Something that can be done at this point.
    fileprivate mutating func must(_ act: (inout World) -> Bool) {
        let isDone = act(&self)
        #expect(isDone)
    }

    /// Lets the database run what a node has sent, but for the last statements.
    fileprivate mutating func serve(_ index: Int, leaving: Int = 0) {
        guard let session = nodes[index].session else { return }
        while database.sessions[session].inbox.count > leaving {
            if !moveServer(session, statements: 1) { return }
        }
    }

    /// Lets the store thread send, and the database run it.
    fileprivate mutating func roundTrip(_ index: Int, leaving: Int = 0) {
        must { $0.moveStoreThread(index, 0) }
        serve(index, leaving: leaving)
    }

    /// Until the store thread has nothing to do.
    fileprivate mutating func settle(_ index: Int) {
        while moveStoreThread(index, 0) { serve(index) }
    }
}
