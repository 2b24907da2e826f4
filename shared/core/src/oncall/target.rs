//! Resolves targets to people, and reports what is wrong if a target names nobody.

use jiff::Timestamp;

use super::timetable::Timetable;
use super::{Gap, Person, Roster, Rota, TargetPeople};
use crate::config::Target;

impl Roster {
    /// Returns the people whom the target names at this time; only people who can be reached. Phone numbers name nobody in the
    /// roster.
    pub fn people_of<'a>(&'a self, target: &Target, at: Timestamp) -> TargetPeople<'a> {
        let unknown =
            || TargetPeople { people: Vec::new(), gap: Some(Gap::Unknown { target: target.to_string() }) };
        let people = match target {
            Target::Number(_) => return TargetPeople { people: Vec::new(), gap: None },
            Target::OnDuty(name) => {
                return self
                    .rotas
                    .get(&name.on_duty)
                    .map_or_else(unknown, |rota| self.people_on_call(rota, at));
            }
            Target::Team(name) => self.members(&name.team),
            Target::Person(name) => {
                self.people.get(&name.person).into_iter().filter(|person| person.is_reachable()).collect()
            }
        };
        if people.is_empty() { unknown() } else { TargetPeople { people, gap: None } }
    }

    /// Returns the members of a team who can be reached, in the team's order, each once; empty if there is no such team.
    pub fn members(&self, team: &str) -> Vec<&Person> {
        let ids = self.teams.get(team).into_iter().flat_map(|team| &team.members);
        let mut members: Vec<&Person> = Vec::new();
        for person in ids.filter_map(|id| self.people.get(id)) {
            if person.is_reachable() && !members.iter().any(|known| known.id == person.id) {
                members.push(person);
            }
        }
        members
    }

    fn people_on_call<'a>(&'a self, rota: &'a Rota, at: Timestamp) -> TargetPeople<'a> {
        if let Some((person, _)) = Timetable::new(self, rota).at(at) {
            return TargetPeople { people: vec![person], gap: None };
        }
        let team = rota.team.as_deref();
        let people = team.map(|team| self.members(team)).unwrap_or_default();
        let instead = team.filter(|_| !people.is_empty()).map(str::to_owned);
        TargetPeople { people, gap: Some(Gap::NobodyOnDuty { rota: rota.name.clone(), instead }) }
    }
}

impl Person {
    /// Returns the mail address and the phones as texts, each with the time since when it is verified.
    pub fn contacts(&self) -> impl Iterator<Item = (&str, Option<Timestamp>)> {
        let email = self.email.iter().map(|email| (email.address.as_str(), email.verified_at));
        email.chain(self.phones.iter().map(|phone| (phone.address.as_str(), phone.verified_at)))
    }

    /// Returns true if there is at least one verified phone or address, so that [`Person::attempts`] has something to try.
    pub fn is_reachable(&self) -> bool {
        self.contacts().any(|(_, verified_at)| verified_at.is_some())
    }

    /// Records that this address or number is verified from now on. Returns false if the person doesn't have it.
    pub fn verify(&mut self, address: &str, at: Timestamp) -> bool {
        let email = self.email.iter_mut().filter(|email| email.address == *address);
        let phones = self.phones.iter_mut().filter(|phone| phone.address == *address);
        let verified = email.map(|email| &mut email.verified_at);
        let verified = verified.chain(phones.map(|phone| &mut phone.verified_at));
        verified.map(|verified_at| *verified_at = Some(at)).count() > 0
    }
}
