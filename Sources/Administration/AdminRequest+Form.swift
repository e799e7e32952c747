public import Forms
import JSON

/// The body of a request, read as what somebody filled in.
extension AdminRequest {
    /// More faults of one form are counted only: to make texts of them takes time, and nobody reads them.
    private static let faultsMax = 100

    /// The one JSON object that is the body. Without a body it has no members, for calls that need none.
    public func form() throws(AdminFault) -> ObjectReader {
        let report = FormReport(takesNull: true, faultsMax: Self.faultsMax)
        guard let reader = ObjectReader(try json(), path: "", report: report) else {
            throw .unprocessable(report.faults.map { FormFault(path: "body", message: $0.message) })
        }
        return reader
    }

    /// Ends the reading of the form: a member that nobody asked for is a fault, and all faults are named.
    public func finish(_ reader: ObjectReader) throws(AdminFault) {
        reader.finish()
        let report = reader.report
        guard report.faults.isEmpty else { throw .unprocessable(report.faults, beside: report.droppedCount) }
    }

    private func json() throws(AdminFault) -> JSONValue {
        if body.isEmpty { return .object([]) }
        do throws(JSONFault) { return try JSONValue.parse(body.span) } catch { throw .invalidJSON(error) }
    }
}
