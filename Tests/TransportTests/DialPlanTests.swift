import Testing
import Vocabulary

@testable import Transport

@Suite("DialPlan and AddressHistory")
struct DialPlanTests {
    private func address(_ number: Int) -> SocketAddress {
        SocketAddress(ip: [10, 0, UInt8(number / 256), UInt8(number % 256)], port: 443)
    }

    /// The addresses that are tried, each with its share, when every one uses its share up.
    private func run(_ count: Int, whole: Duration) -> [(SocketAddress, Duration)] {
        var plan = DialPlan((0..<count).map(address), whole: whole)
        var left = whole
        var tried: [(SocketAddress, Duration)] = []
        while let (address, share) = plan.next(left: left) {
            tried.append((address, share))
            left -= share
        }
        return tried
    }

    @Test("the shares of silent addresses are equal and come to the whole", arguments: 1...4)
    func equal(count: Int) {
        let tried = run(count, whole: .seconds(12))
        #expect(tried.map(\.0) == (0..<count).map(address))
        #expect(tried.map(\.1) == Array(repeating: .seconds(12) / count, count: count))
    }

    @Test("with many addresses a share is a quarter, and those that do not come to their turn are left out")
    func many() {
        let tried = run(9, whole: .seconds(4))
        #expect(tried.map(\.0) == (0..<4).map(address))
        #expect(tried.map(\.1) == Array(repeating: .seconds(1), count: 4))
    }

    @Test("what an address leaves of its share is the others'")
    func leftOver() {
        var plan = DialPlan((0..<3).map(address), whole: .seconds(9))
        #expect(plan.next(left: .seconds(9))?.share == .seconds(3))
        #expect(plan.next(left: .seconds(8))?.share == .seconds(4))
        #expect(plan.next(left: .seconds(8))?.share == .seconds(8))
        #expect(plan.next(left: .seconds(8)) == nil)
        #expect(DialPlan([address(1)], whole: .seconds(1)).isOver(left: .zero))
        #expect(DialPlan([], whole: .seconds(1)).isOver(left: .seconds(1)))
    }

    @Test("addresses that failed come last, the one that failed last at the end, until they work")
    func order() {
        let history = AddressHistory()
        let all = (0..<4).map(address)
        #expect(history.order(all) == all)
        history.failed(all[2])
        history.failed(all[0])
        #expect(history.order(all) == [all[1], all[3], all[2], all[0]])
        history.failed(all[2])
        #expect(history.order(all) == [all[1], all[3], all[0], all[2]])
        history.worked(all[0])
        #expect(history.order(all) == [all[0], all[1], all[3], all[2]])
        #expect(history.order([all[2]]) == [all[2]])
        // Another name's addresses are no part of it.
        #expect(history.order([address(100), address(101)]) == [address(100), address(101)])
    }

    @Test("what is remembered is bounded: the oldest failure is forgotten")
    func bounded() {
        let history = AddressHistory()
        for number in 0...AddressHistory.addressesMax { history.failed(address(number)) }
        #expect(history.order([address(1), address(0)]) == [address(0), address(1)])
    }

    @Test(
        "descriptors are shared out: own ones, those for the vendor, and the rest for clients",
        arguments: [
            // limit, workers, vendor, reserve, connections
            (1_024, 2, 64, 256, 717), (128, 2, 64, 48, 29), (1_048_576, 16, 64, 131_200, 917_213), (82, 2, 64, 30, 1),
            (81, 2, 64, 30, 0), (20, 1, 64, 7, 0), (0, 1, 64, 0, 0),
        ] as [(Int, Int, Int, Int, Int)]
    )
    func descriptors(_ limit: Int, _ workers: Int, _ vendor: Int, _ reserve: Int, _ connections: Int) {
        let plan = DescriptorPlan(limit: limit, workers: workers, vendorConnections: vendor)
        #expect(plan.reserve == reserve)
        #expect(plan.connections == connections)
    }

    @Test("the least limit is the first with room for a client", arguments: [1, 2, 16, 1_024], [1, 64, 100_000])
    func leastLimit(workers: Int, vendor: Int) {
        let least = DescriptorPlan(limit: 0, workers: workers, vendorConnections: vendor).limitMin
        #expect(DescriptorPlan(limit: least, workers: workers, vendorConnections: vendor).connections >= 1)
        #expect(DescriptorPlan(limit: least - 1, workers: workers, vendorConnections: vendor).connections == 0)
        #expect(DescriptorPlan(limit: 1_000, workers: workers, vendorConnections: vendor).freeMin == least - 3)
    }
}

extension DialPlan {
    fileprivate func isOver(left: Duration) -> Bool {
        var plan = self
        return plan.next(left: left) == nil
    }
}
