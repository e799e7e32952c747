import Vocabulary

/// What a table comes to, counted by its engine: rows, and for each column the values that are not NULL, with the exact
/// sum of numbers and the sum of the lengths of texts and bytes. Texts are counted in octets of UTF-8, as a file has
/// them.
struct CopyTally: Equatable {
    struct Figures: Equatable {
        var rows: Int64
        /// By columns.
        var counts: [Int64]
        var sums: [Int128]
    }

    /// By `CopiedTable.group`. Without rows there are none.
    var groups: [Int64: Figures] = [:]

    var rows: Int64 { groups.values.reduce(0) { $0.saturatingAdd($1.rows) } }

    func sum(_ column: Int) -> Int128 { groups.values.reduce(0) { $0 + $1.sums[column] } }

    /// What is different at the target, with the figures of both; nil when all agrees.
    func difference(from target: CopyTally, of table: CopiedTable) -> String? {
        for group in Set(groups.keys).union(target.groups.keys).sorted() {
            let (here, there) = (groups[group], target.groups[group])
            if here == there { continue }
            let place = groups.count + target.groups.count > 2 || group != 0 ? " of \(table.group) = \(group)" : ""
            let name = "table \(table.name)\(place)"
            let (rows, rowsThere) = (here?.rows ?? 0, there?.rows ?? 0)
            if rows != rowsThere { return "\(name) has \(rows) rows, the copy \(rowsThere)" }
            guard let here, let there else { continue }
            for (index, column) in table.columns.enumerated() {
                if here.counts[index] != there.counts[index] {
                    return "\(name) has \(here.counts[index]) values in \(column.name), the copy \(there.counts[index])"
                }
                if here.sums[index] != there.sums[index] {
                    let what = column.kind == .integer ? "a sum" : "a length"
                    return
                        "\(name) has \(what) of \(here.sums[index]) in \(column.name), the copy \(there.sums[index])"
                }
            }
        }
        return nil
    }
}

/// What a copy is read from. Confined to the thread of the copy.
protocol CopySource: AnyObject {
    /// Gives all rows in the order of their key, at most `CopyPage.rowsMax` at a time. What is read is of one moment.
    func forEachPage(of table: CopiedTable, _ body: ([[CopiedValue]]) throws -> Void) throws

    func tally(of table: CopiedTable) throws -> CopyTally
}

/// What a copy is written to: nothing of it is valid before all is. Confined to the thread of the copy.
protocol CopyTarget: AnyObject {
    func insert(_ rows: [[CopiedValue]], into table: CopiedTable) throws

    /// Counted anew from what was written.
    func tally(of table: CopiedTable) throws -> CopyTally

    /// Makes what follows from the rows, and compares it with them.
    ///
    /// - Parameter tallies: of the source, by the names of the tables.
    func derive(from tallies: [String: CopyTally]) throws
}

extension CopiedTable {
    func damage(at column: Column) -> StoreFault {
        StoreFault(code: .corrupt, detail: "table \(name) has a value in \(column.name) that cannot be read")
    }
}

extension WholeStoreCopy {
    /// Exact, also beyond what one row may have.
    public static func text(ofMicroCredits micros: Int128) -> String {
        let (whole, rest) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let sign = micros < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        var digits = String(1_000_000 + UInt64(rest)).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(sign)\(whole).\(digits)"
    }
}
