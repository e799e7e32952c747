import Forms
import Reporting

extension ReportPeriod.Fault {
    /// The fault as one of a query or a form, with the name of its end.
    var formFault: FormFault {
        switch self {
        case .from(let message): FormFault(path: "from", message: message)
        case .to(let message): FormFault(path: "to", message: message)
        }
    }
}

extension AdminFault {
    init(_ fault: ReportPeriod.Fault) { self = .unprocessable([fault.formFault]) }
}
