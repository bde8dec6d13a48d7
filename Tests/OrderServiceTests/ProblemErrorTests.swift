import CapacityAPI
import CapacityStore
import Postgres
import Testing

@testable import OrderService

@Suite("Errors of the database as answers")
struct ProblemErrorTests {
    private func answer(_ kind: PostgresError.Kind) -> Problem {
        Problem(answering: StoreError.broken(PostgresError(kind: kind, message: "could not extend file \"base/5/1\"")))
    }

    @Test("a full disk is told as that: nothing was changed, and nothing of the server's words gets out")
    func diskFull() {
        let problem = answer(.diskFull)
        #expect(problem.status == 503)
        #expect(problem.detail == "the database's disk is full and nothing was changed; ask again later")
    }

    @Test("a full waiting list is the customer's to know, with the field and the limit, however it was met")
    func waitingListFull() {
        let problem = Problem(answering: StoreError.waitingListFull)
        #expect(problem.type == .insufficientCapacity && problem.status == 409)
        #expect(problem.errors?.map(\.pointer) == ["/fulfilment/topUp"])
        #expect(problem.errors?.map(\.code) == [.waitingListFull])
        #expect(problem.errors?.first?.detail == "4096 orders wait for capacity already, and no more may")
    }

    @Test("where a connection broke, nobody claims to know what became of the change")
    func connection() {
        let problem = answer(.connection)
        #expect(problem.status == 503)
        #expect(problem.detail?.contains("whether a change was made is unknown") == true)
    }
}
