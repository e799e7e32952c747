import Metrics
import Testing

@Suite("What is counted")
struct CounterTests {
    @Test("a counter never goes down, and stays at the greatest number")
    func saturates() {
        let counter = Counter()
        counter.add()
        counter.add(-5)
        counter.add(.min)
        #expect(counter.value == 1)
        counter.add(.max)
        counter.add(.max)
        #expect(counter.value == .max)
    }

    @Test("a table counts each key apart, and never down")
    func table() {
        let table = CounterTable<String>()
        table.add("a")
        table.add("a", 4)
        table.add("a", -9)
        table.add("b", .max)
        table.add("b")
        table.add("c", 0)
        #expect(table.reading == ["a": 5, "b": .max, "c": 0])
    }

    @Test("a table counts the same in whatever order the keys come, and however often it is read")
    func order() {
        let (table, read) = (CounterTable<Int>(), CounterTable<Int>())
        for number in 0..<100 {
            let key = number / 3 % 4
            table.add(key, Int64(number))
            read.add(key, Int64(number))
            _ = read.reading
        }
        let expected = Dictionary((0..<100).map { ($0 / 3 % 4, Int64($0)) }, uniquingKeysWith: +)
        #expect(table.reading == expected && read.reading == expected)
        #expect(CounterTable<Int>().reading == [:])
    }

    @Test("the first names get numbers of their own and keep them; later ones share one")
    func names() {
        let names = BoundedNames(namesMax: 2)
        #expect(names.number(of: "a") == 1)
        #expect(names.number(of: "b") == 2)
        #expect(names.number(of: "c") == 0)
        #expect(names.number(of: "a") == 1)
        #expect(names.number(of: "other") == 0)
        #expect(names.number(of: "c") == 0)
        #expect(names.names == ["other", "a", "b"])
        #expect(BoundedNames(namesMax: 0).number(of: "a") == 0)
    }

    @Test("histograms of several workers add up")
    func histograms() {
        let bounds = HistogramBounds(microseconds: [10, 20])
        let (one, two) = (Histogram(bounds), Histogram(bounds))
        one.observe(.microseconds(10))
        two.observe(.microseconds(15))
        two.observe(.nanoseconds(Int64.max))
        var sum = HistogramReading(bounds)
        sum += one.reading
        sum += two.reading
        let all = Histogram(bounds)
        for duration: Duration in [.microseconds(10), .microseconds(15), .nanoseconds(Int64.max)] {
            all.observe(duration)
        }
        #expect(sum == all.reading)
    }

    @Test("bounds that do not ascend are a bug")
    func bounds() async {
        await #expect(processExitsWith: .failure) { _ = HistogramBounds(microseconds: [2, 2]) }
        await #expect(processExitsWith: .failure) { _ = HistogramBounds(microseconds: [0, 1]) }
    }
}
