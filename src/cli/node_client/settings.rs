//! The settings of a node.

use super::{NodeClient, segment};
use crate::http::model::Message;
use crate::http::model::settings::{Setting, SettingChange};
use fazt_actors::outbound::{Body, Verb};

impl NodeClient {
    /// `GET /api/settings`.
    pub async fn settings(&self) -> anyhow::Result<Vec<Setting>> {
        self.get("/api/settings").await
    }

    /// `PUT /api/settings/{key}`.
    pub async fn set_setting(&self, key: &str, text: &str) -> anyhow::Result<Setting> {
        let change = SettingChange { value: text.into() };
        self.call(Verb::Put, &path(key), &change).await
    }

    /// `DELETE /api/settings/{key}`.
    pub async fn reset_setting(&self, key: &str) -> anyhow::Result<Message> {
        self.data(self.request(Verb::Delete, &path(key), Body::Empty)).await
    }
}

fn path(key: &str) -> String {
    format!("/api/settings/{}", segment(key))
}
